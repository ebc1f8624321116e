/** 2 ** 27 + 1 splits a double into two halves of which products are exact. */
const SPLITTER = 134_217_729;

/** What is missing to `product`, which is `a * b` rounded, exactly. Neither may be so large or small that halves are lost. */
export function productError(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = b * SPLITTER;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}
