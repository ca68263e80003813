/**
 * What is wrong with the bootstrap admin token of a deployment, as a sentence; null where it can be used. Shorter ones can
 * be guessed; longer ones, or any with a space, could not be told from a header of another form.
 */
export function adminTokenProblem(token: string): string | null {
  return /^[\x21-\x7e]{20,200}$/.test(token)
    ? null
    : "WARMPOOL_ADMIN_TOKEN must be 20 to 200 letters, digits and signs; generate one: openssl rand -hex 32";
}
