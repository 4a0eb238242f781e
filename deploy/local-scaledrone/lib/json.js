// SPDX-License-Identifier: MIT
// Text and JSON from outside.

import { Refusal } from './refusal.js';

// JSON.parse copes with any depth, JSON.stringify recurses: without a limit one deeply nested
// message would be accepted, and then fail in the middle of its delivery.
const maxDepth = 100;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether `value` is a JSON object: neither null nor an array. */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text that `bytes` encode. Throws a Refusal when they are not UTF-8. */
export function decodeText(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('Text is not UTF-8');
  }
}

/** The JSON value that `bytes` encode, safe to serialise again. Throws a Refusal otherwise. */
export function decodeJson(bytes) {
  const value = parse(decodeText(bytes));
  if (isDeeperThan(maxDepth, value)) throw new Refusal('JSON is nested too deeply');
  return value;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('Invalid JSON');
  }
}

// Level by level, because a recursive walk would fail on the very input it looks for.
function isDeeperThan(limit, value) {
  let level = [value];
  for (let depth = 0; depth <= limit && level.length > 0; depth++) {
    level = level.flatMap((item) => (typeof item === 'object' && item ? Object.values(item) : []));
  }
  return level.length > 0;
}
