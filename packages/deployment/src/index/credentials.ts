/**
 * The token of an Authorization header: the user name of Basic, whatever the password is, as in `https://TOKEN@host`; its
 * password if the user is called `__token__`, as the tools that upload have it; what follows Bearer, as npm has it.
 */
export function tokenIn(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(basic|bearer) +([^ ]+) *$/i.exec(header ?? '') ?? [];
  if (scheme === '') return undefined;
  if (scheme.toLowerCase() === 'bearer') return value;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const token = user === '__token__' ? password : user;
  return token === '' ? undefined : token;
}
