/** The sections of an ini file as Python's configparser reads them: `%%` stands for a percent sign. */
export function parseIni(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> = {};
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const [, name] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name.trim()) ?? {};
      sections.set(name.trim(), section);
      continue;
    }
    const [, key, value] = /^\s*([^#;=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) section[key.toLowerCase()] = (value as string).replaceAll('%%', '%');
  }
  return sections;
}
