export { decode } from './decode.js';
export { clone, Doc, equal, ObjectId, type ReadonlyDoc, type Value } from './doc.js';
export { parseEjson, parseEjsonDoc, toEjson } from './ejson.js';
export { encode } from './encode.js';
export { BsonType, binary, date, double, int32, int64, millisecondsOf, numberOf, Scalar } from './scalar.js';
