/** The value of a hexadecimal digit, by its byte; above 15 for other characters. */
export const HEX = new Uint8Array(256).fill(255);
for (const [i, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = HEX[digit.toUpperCase().charCodeAt(0)] = i;
