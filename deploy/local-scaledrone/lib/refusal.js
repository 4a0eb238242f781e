// SPDX-License-Identifier: MIT
// The one error type whose text is meant for the peer.

/**
 * A request that is answered with an error. The message goes out as it is, so it never holds a
 * token, a secret or a detail of the inside. `status` is used by HTTP only; the socket protocol
 * has no codes.
 */
export class Refusal extends Error {
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}
