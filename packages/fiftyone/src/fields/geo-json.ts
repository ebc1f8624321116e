import { Doc, double, numberOf, Scalar, type Value } from '../bson/index.js';
import { InvalidValueError, shown } from './invalid-value.js';

/** How deep the lists of coordinates of each kind of GeoJSON are. */
const DEPTHS = { Point: 1, MultiPoint: 2, LineString: 2, MultiLineString: 3, Polygon: 3, MultiPolygon: 4 } as const;

/** A GeoJSON document of this kind, from such a document or from its coordinates: longitude first, in degrees. */
export function geoJson(kind: keyof typeof DEPTHS, value: unknown, place: string): Value {
  if (value instanceof Doc) return value;
  const given =
    typeof value === 'object' && value !== null && 'coordinates' in value ? value : { type: kind, coordinates: value };
  if ((given as { type?: unknown }).type !== kind) throw new InvalidValueError(place, `GeoJSON of the type ${kind} expected`);
  return Doc.of(['type', kind], ['coordinates', coordinates(given.coordinates, place, DEPTHS[kind])]);
}

function coordinates(value: unknown, place: string, depth: number): Value {
  if (depth > 0 && Array.isArray(value) && (depth > 1 || value.length === 2)) {
    return value.map((item, i) => coordinates(item, `${place}[${i}]`, depth - 1));
  }
  if (depth === 0 && typeof value === 'number' && Number.isFinite(value)) return double(value);
  if (depth === 0 && value instanceof Scalar && numberOf(value) !== undefined) return value;
  throw new InvalidValueError(
    place,
    depth === 0 ? `${shown(value)} is not a coordinate` : `${shown(value)} is not a list of coordinates`,
  );
}
