export async function status(..._: unknown[]): Promise<number> {
  return 0;
}
