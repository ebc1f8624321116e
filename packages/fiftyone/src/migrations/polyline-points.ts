import type { Query } from './revision.js';

/** An aggregation expression. */
type Expression = unknown;

const isPolylines: Expression = {
  $and: [{ $eq: ['$$field.v._cls', 'Polylines'] }, { $isArray: '$$field.v.polylines' }],
};

/** Which polylines to change, and what their points become: expressions over the path of the points. */
export interface PointsRule {
  readonly applies: (points: string) => Expression;
  readonly points: (points: string) => Expression;
}

/** `[[x, y], …]` becomes a list with this one shape. What is a list of shapes already, by its form, stays. */
export const wrapShape: PointsRule = {
  applies: (points) => ({ $and: [{ $ne: [{ $type: points }, 'missing'] }, { $not: [holdsShapes(points)] }] }),
  points: (points) => [points],
};

/** A list with one shape becomes that shape. What holds no shapes, by its form, stays. */
export const unwrapShape: PointsRule = {
  applies: (points) => ({ $and: [holdsShapes(points), { $eq: [sizeOf(points), 1] }] }),
  points: (points) => ({ $arrayElemAt: [points, 0] }),
};

/** A stage that rewrites the polylines of a document: its top-level values and those in its top-level lists, nothing deeper. */
export function rewritePolylines(rule: PointsRule): Query {
  const rewritten = (line: string): Expression => ({
    $cond: [isPolylineThat(rule.applies, line), { $mergeObjects: [line, { points: rule.points(`${line}.points`) }] }, line],
  });
  const list = { $map: { input: '$$field.v.polylines', as: 'line', in: rewritten('$$line') } };
  const value = { $cond: [isPolylines, { $mergeObjects: ['$$field.v', { polylines: list }] }, rewritten('$$field.v')] };
  const fields = { $map: { input: { $objectToArray: '$$ROOT' }, as: 'field', in: { k: '$$field.k', v: value } } };
  return { $replaceWith: { $arrayToObject: fields } };
}

/** `[[x, y], …]` with numbers, which no release since 0.6.2 writes, becomes a list with this one shape. */
export const wrapNumbers: PointsRule = {
  applies: (points) => ({ $isNumber: firstOf(firstOf(points)) }),
  points: (points) => [points],
};

/** A filter for documents in which {@link rewritePolylines} would change something. */
export function whereRewritten(rule: PointsRule): Query {
  return somePolyline(rule.applies);
}

/** A filter for documents with a polyline of several shapes: the layout before 0.6.2 has room for one. */
export const withSeveralShapes: Query = somePolyline((points) => ({ $and: [holdsShapes(points), { $gt: [sizeOf(points), 1] }] }));

/** A filter for documents with a list of polylines that is no list. */
export const withMalformedPolylines: Query = someField({
  $and: [{ $eq: ['$$field.v._cls', 'Polylines'] }, { $not: [{ $in: [{ $type: '$$field.v.polylines' }, ['array', 'missing']] }] }],
});

function isPolylineThat(applies: PointsRule['applies'], line: string): Expression {
  return { $and: [{ $eq: [`${line}._cls`, 'Polyline'] }, applies(`${line}.points`)] };
}

function somePolyline(applies: PointsRule['applies']): Query {
  const lines = { $map: { input: '$$field.v.polylines', as: 'line', in: isPolylineThat(applies, '$$line') } };
  return someField({ $cond: [isPolylines, { $anyElementTrue: [lines] }, isPolylineThat(applies, '$$field.v')] });
}

function someField(condition: Expression): Query {
  return { $expr: { $anyElementTrue: [{ $map: { input: { $objectToArray: '$$ROOT' }, as: 'field', in: condition } }] } };
}

/** Whether points are a list of shapes: of lists of lists. Empty shapes and null count, as wrapping makes them; `[]` does not. */
function holdsShapes(points: string): Expression {
  const isShape = {
    $cond: [
      { $isArray: '$$shape' },
      { $in: [{ $type: { $arrayElemAt: ['$$shape', 0] } }, ['array', 'missing']] },
      { $eq: ['$$shape', null] },
    ],
  };
  const allShapes = { $allElementsTrue: [{ $map: { input: points, as: 'shape', in: isShape } }] };
  return { $cond: [{ $isArray: points }, { $and: [{ $gt: [sizeOf(points), 0] }, allShapes] }, false] };
}

function firstOf(list: Expression): Expression {
  return { $cond: [{ $isArray: list }, { $arrayElemAt: [{ $cond: [{ $isArray: list }, list, []] }, 0] }, null] };
}

function sizeOf(points: string): Expression {
  return { $size: { $cond: [{ $isArray: points }, points, []] } };
}
