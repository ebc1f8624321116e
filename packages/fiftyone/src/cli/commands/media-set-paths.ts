export async function setPaths(..._: unknown[]): Promise<number> {
  return 0;
}
