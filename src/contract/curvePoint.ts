/**
 * Whether the bytes are a point of an elliptic curve, as RFC 5656 writes it for SSH: uncompressed, both coordinates
 * below the prime, and the equation holds. A single character that was changed in copying fails here.
 */
type Curve = { prime: bigint; b: bigint };

const CURVES = {
  nistp256: {
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  nistp384: {
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  nistp521: {
    prime: 2n ** 521n - 1n,
    b: 0x051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
} as const satisfies Record<string, Curve>;

export type CurveName = keyof typeof CURVES;

export function isCurvePoint(name: CurveName, bytes: Uint8Array): boolean {
  const { prime, b } = CURVES[name];
  const size = Math.ceil(prime.toString(2).length / 8);
  if (bytes.length !== 1 + 2 * size || bytes[0] !== 4) return false;
  const x = wholeNumber(bytes.subarray(1, 1 + size));
  const y = wholeNumber(bytes.subarray(1 + size));
  return x < prime && y < prime && (y * y - (x * x * x - 3n * x + b)) % prime === 0n;
}

function wholeNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`);
}
