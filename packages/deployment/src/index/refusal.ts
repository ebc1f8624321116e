/** A request that is answered with a status and a text for people. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 406 | 409 | 413 | 416 | 422 | 429 | 502 | 503,
    text: string,
  ) {
    super(text);
    this.name = 'Refusal';
  }
}
