// SPDX-License-Identifier: MIT
// The contract of POST /auth as a table: what is asked, and what must be answered. It is used over
// FastCGI, as CGI and through nginx.
//
// `params` replace those of a good request (undefined leaves one out). `status` 200 without `text` means
// a token for `client`. `http: false` marks what nginx can't be made to ask.

const form = 'application/x-www-form-urlencoded';
const multipart = 'multipart/form-data; boundary=B';
const part = (name, value, more = '') => `--B\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
const good = 'clientID=bcI:GPhz6A2T';

const missing = { status: 422, text: 'No clientID defined' };

const accepted = [
  { name: 'urlencoded', body: good },
  { name: 'urlencoded with escapes', body: 'clientID=bcI%3AGPhz6A2T' },
  { name: 'urlencoded in UTF-8, said so', params: { CONTENT_TYPE: `${form}; charset=UTF-8` }, body: good },
  { name: 'a type in capitals', params: { CONTENT_TYPE: form.toUpperCase() }, body: good },
  { name: 'other fields beside it', body: `a=1&${good}&b=2` },
  { name: 'multipart', params: { CONTENT_TYPE: multipart }, body: `${part('clientID', 'bcI:GPhz6A2T')}--B--\r\n` },
  { name: 'multipart with preamble, epilogue and another part', params: { CONTENT_TYPE: multipart }, body: `hello\r\n${part('a', '1')}${part('clientID', 'bcI:GPhz6A2T')}--B--\r\nbye` },
  { name: 'multipart with a value that looks like a boundary', params: { CONTENT_TYPE: multipart }, body: `${part('a', '--Bx --B --B--')}${part('clientID', 'bcI:GPhz6A2T')}--B--` },
  { name: 'JSON', params: { CONTENT_TYPE: 'application/json' }, body: '{"clientID":"bcI:GPhz6A2T"}' },
  { name: 'the query alone', params: { QUERY_STRING: good, CONTENT_TYPE: undefined }, body: '' },
  { name: 'body and query: the body wins', params: { QUERY_STRING: 'clientID=other' }, body: good },
  { name: 'an id of 128 bytes', body: `clientID=${'x'.repeat(128)}`, client: 'x'.repeat(128) },
  { name: 'an id of regex syntax is quoted', body: `clientID=${encodeURIComponent('x$|^.*')}`, client: 'x$|^.*' },
  { name: 'an id in UTF-8', body: 'clientID=%C3%A9', client: 'é' },
  { name: 'fields that nobody reads, whatever is in them', body: `about=one%0D%0Atwo&city=K%F6ln&a=1&a=2&fbclid=${'x'.repeat(200)}&${good}` },
  { name: 'JSON with other values beside it', params: { CONTENT_TYPE: 'application/json' }, body: '{"age":7,"tags":["a",{"clientID":"b"}],"none":null,"clientID":"bcI:GPhz6A2T"}' },
  { name: 'the name of another charset', params: { CONTENT_TYPE: `${form}; charset=ISO-8859-1` }, body: good },
  { name: 'empty parameters', params: { CONTENT_TYPE: `${form};; charset=utf8;` }, body: good },
  { name: 'an upload whose name ends in a backslash', params: { CONTENT_TYPE: multipart }, body: `${part('f', 'x', '; filename="C:\\"')}${part('clientID', 'bcI:GPhz6A2T')}--B--\r\n` },
  { name: '16 fields', body: `${good}${Array.from({ length: 15 }, (_, i) => `&f${i}=`).join('')}` },
  { name: 'a body of 16384 bytes', body: `${good}${'&'.repeat(16384 - good.length)}` },
];

const refused = [
  { name: 'no clientID', body: 'a=1', ...missing },
  { name: 'an empty clientID', body: 'clientID=', ...missing },
  { name: 'an empty body', body: '', ...missing },
  { name: 'an upload instead of a field', params: { CONTENT_TYPE: multipart }, body: `${part('clientID', 'x', '; filename="a"')}--B--\r\n`, ...missing },
  { name: 'an empty clientID in the body, a full one in the query', params: { QUERY_STRING: good }, body: 'clientID=', ...missing },
  { name: 'an id of 129 bytes', body: `clientID=${'x'.repeat(129)}`, status: 422, text: /clientID.*128/ },
  { name: 'an id that is not UTF-8', body: 'clientID=%ff%fe', status: 422, text: /clientID.*UTF-8/ },
  { name: 'an overlong UTF-8 form', body: 'clientID=%c0%af', status: 422, text: /clientID.*UTF-8/ },
  { name: 'a NUL in an id', body: 'clientID=a%00b', status: 422, text: /clientID.*control/ },
  { name: 'a line feed in an id', body: 'clientID=a%0Ab', status: 422, text: /clientID.*control/ },
  { name: 'the same field twice', body: `${good}&${good}`, status: 400, text: /clientID/ },
  { name: 'the same field twice in JSON', params: { CONTENT_TYPE: 'application/json' }, body: '{"clientID":"a","clientID":"b"}', status: 400, text: /clientID/ },
  { name: 'the same field twice in multipart', params: { CONTENT_TYPE: multipart }, body: `${part('clientID', 'a')}${part('clientID', 'b')}--B--\r\n`, status: 400, text: /clientID/ },
  { name: 'another content type', params: { CONTENT_TYPE: 'text/plain' }, body: good, status: 415, text: /multipart\/form-data.*urlencoded.*json/ },
  { name: 'a body without a content type', params: { CONTENT_TYPE: undefined }, body: good, status: 415, text: /multipart\/form-data/ },
  { name: 'another charset', params: { CONTENT_TYPE: `${form}; charset=UTF-16` }, body: good, status: 415, text: /multipart\/form-data/ },
  { name: 'a bad percent escape', body: 'clientID=%zz', status: 400, text: /percent/ },
  { name: 'a percent escape that is cut off', body: 'clientID=a%4', status: 400, text: /percent/ },
  { name: 'bad JSON', params: { CONTENT_TYPE: 'application/json' }, body: '{"clientID":', status: 400, text: /JSON/ },
  { name: 'JSON that is no object of strings', params: { CONTENT_TYPE: 'application/json' }, body: '{"clientID":1}', status: 400, text: /JSON/ },
  { name: 'no boundary', params: { CONTENT_TYPE: 'multipart/form-data' }, body: `${part('clientID', 'x')}--B--\r\n`, status: 400, text: /bad boundary/ },
  { name: 'a bad boundary', params: { CONTENT_TYPE: `multipart/form-data; boundary=${'B'.repeat(71)}` }, body: 'x', status: 400, text: /bad boundary/ },
  { name: 'no closing boundary', params: { CONTENT_TYPE: multipart }, body: part('clientID', 'x'), status: 400, text: /multipart/i },
  { name: 'a part that ends in its headers', params: { CONTENT_TYPE: multipart }, body: '--B\r\nContent-Disposition: form-data; name="clientID"\r\n', status: 400, text: /multipart/i },
  { name: 'more than 16 fields', body: `${good}${Array.from({ length: 16 }, (_, i) => `&f${i}=`).join('')}`, status: 413, text: /16/ },
  { name: 'more than 16 parts', params: { CONTENT_TYPE: multipart }, body: `${Array.from({ length: 17 }, (_, i) => part(`f${i}`, '')).join('')}--B--\r\n`, status: 413, text: /16/ },
  { name: 'a body of 16385 bytes', body: `${good}${'&'.repeat(16385 - good.length)}`, status: 413, text: /16384/ },
];

const methods = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => ({
  name: `the method ${method}`, params: { REQUEST_METHOD: method, CONTENT_LENGTH: undefined }, body: '',
  status: 405, allow: 'POST', text: /POST/,
}));

// What only a gateway sees: nginx checks these itself, or never produces them.
const gateway = [
  { name: 'HEAD', params: { REQUEST_METHOD: 'HEAD' }, body: '', status: 405, allow: 'POST' },
  { name: 'the method in small letters', params: { REQUEST_METHOD: 'post' }, body: good, status: 405, allow: 'POST' },
  { name: 'an empty method', params: { REQUEST_METHOD: '' }, body: good, status: 405, allow: 'POST' },
  ...['-1', '+5', '1e3', '0x5', '5 ', ' 5', '99999999999999999999', '18446744073709551617'].map((length) => ({
    name: `CONTENT_LENGTH ${JSON.stringify(length)}`, params: { CONTENT_LENGTH: length }, body: good, status: /^\d+$/.test(length) ? [400, 413] : 400,
  })),
  { name: 'a body shorter than CONTENT_LENGTH', params: { CONTENT_LENGTH: '22' }, body: good, status: 400, text: /short/ },
].map((one) => ({ ...one, http: false }));

export const cases = [...accepted, ...refused, ...methods, ...gateway]
  .map((one) => ({ status: 200, client: 'bcI:GPhz6A2T', ...one }));
