import * as fo from '../../src/index.js';

/** A sample of every kind of label, the same as in `fixtures/added-samples.json.gz`. */
function labels(): Record<string, unknown> {
  const instance = new fo.Instance();
  const box = [0, 0, 1, 1];
  const solid = { location: [1.5, 2.5, 3.5], dimensions: [1.5, 2.5, 3.5], rotation: [0.5, 0.5, 0.5] };
  const ring = [
    [0.5, 0.5],
    [1.5, 0.5],
    [1.5, 1.5],
    [0.5, 0.5],
  ] as [number, number][];
  return {
    cls: new fo.Classification({ label: 'a', confidence: 0.5, logits: Float64Array.of(0.5, 1.5), tags: ['x'] }),
    clss: new fo.Classifications({
      classifications: [new fo.Classification({ label: 'a', extra: { k: 1 } })],
      logits: [0.5],
    }),
    det: new fo.Detection({
      label: 'a',
      bounding_box: [0, 0.25, 0.5, 0.5],
      confidence: 0.5,
      index: 3,
      mask: new fo.NdArray(Uint8Array.of(1, 0, 0, 1), [2, 2], '|b1'),
    }),
    dets: new fo.Detections({
      detections: [
        new fo.Detection({ label: 'a', bounding_box: box, note: null, n: 1, instance }),
        new fo.Detection({ label: 'b', mask_path: '/m/1.png', tags: ['t'], lst: [1.5, 2.5], eval: 'tp' }),
      ],
    }),
    d3: new fo.Detections({ detections: [new fo.Detection({ label: 'c', ...solid })] }),
    pl: new fo.Polyline({
      label: 'p',
      points: [
        [
          [0.5, 0.5],
          [0.25, 0.25],
        ],
      ],
      closed: true,
      attributes: {
        w: new fo.NumericAttribute({ value: 3 }),
        b: new fo.BooleanAttribute({ value: true }),
        c: new fo.CategoricalAttribute({ value: 'v', confidence: 0.5 }),
        l: new fo.ListAttribute({ value: [1, 'a'] }),
        a: new fo.Attribute({ value: 'z' }),
      },
    }),
    pls: new fo.Polylines({
      polylines: [
        new fo.Polyline({
          points3d: [
            [
              [1.5, 2.5, 3.5],
              [4.5, 5.5, 6.5],
            ],
          ],
          instance,
        }),
      ],
    }),
    kp: new fo.Keypoint({
      label: 'k',
      points: [
        [0.5, 0.25],
        [Number.NaN, Number.NaN],
      ],
      confidence: [0.5, 0.25],
      instance,
    }),
    kps: new fo.Keypoints({ keypoints: [new fo.Keypoint({ points: [[0.5, 0.25]], index: 1 }), new fo.Keypoint()] }),
    seg: new fo.Segmentation({ mask: new fo.NdArray(Uint8Array.of(1, 2, 3, 4), [2, 2]) }),
    segp: new fo.Segmentation({ mask_path: '/m/s.png' }),
    hm: new fo.Heatmap({ map: new fo.NdArray(Float32Array.of(0.5, 1.5), [1, 2]), range: [0, 1] }),
    hmp: new fo.Heatmap({ map_path: '/m/h.png' }),
    reg: new fo.Regression({ value: 1, confidence: 0.5 }),
    geo: new fo.GeoLocation({
      point: [-73.5, 40.5],
      line: [
        [-73.5, 40.5],
        [-72.5, 41.5],
      ],
      polygon: [ring],
    }),
    geos: new fo.GeoLocations({
      points: [
        [0.5, 0.5],
        [1.5, 2.5],
      ],
      lines: [
        [
          [0.5, 0.5],
          [1.5, 2.5],
        ],
      ],
      polygons: [[ring]],
    }),
    td: new fo.TemporalDetection({ label: 'e', support: [1, 3] }),
    tds: new fo.TemporalDetections({
      detections: [new fo.TemporalDetection({ label: 'e', support: [2, 4], confidence: 0.5 })],
    }),
    doc: new fo.DynamicEmbeddedDocument({
      a: 1,
      b: 'x',
      c: [1.5],
      n: new fo.DynamicEmbeddedDocument({ x: 1 }),
      none: null,
    }),
    docs: [new fo.DynamicEmbeddedDocument({ a: 1 }), new fo.DynamicEmbeddedDocument({ a: 2, b: 'y' })],
    intr: new fo.PinholeCameraIntrinsics({ fx: 1.5, fy: 1.5, cx: 0.5, cy: 0.5 }),
  };
}

function primitives(): Record<string, unknown> {
  return {
    b: true,
    i: 1,
    big: 2 ** 40,
    f: 1.5,
    s: 'ünï😀',
    d: new Date('2024-01-02T03:04:05.678Z'),
    li: [1, 2],
    lf: [1.5, 2.5],
    ls: ['a'],
    lb: [true],
    le: [],
    ll: [[1, 2], [3]],
    lmix: [1, 'a'],
    ldt: [new Date('2024-01-01')],
    dd: { b: 1, a: { c: [1.5, null] } },
    v: Float32Array.of(0.5, 1.5),
    a: new fo.NdArray(BigInt64Array.of(1n, 2n, 3n, 4n), [2, 2]),
    loid: [new fo.ObjectId('6b0181a64e6b90806a793acf')],
    none: null,
  };
}

/** The samples that the real client was given as well, by dataset; in `image`, `video` and `threed` with dynamic attributes. */
export function recordedSamples(): Record<string, fo.Sample[]> {
  const video = new fo.Sample({
    filepath: '/d/v1.mp4',
    metadata: new fo.VideoMetadata({
      frame_width: 2,
      frame_height: 2,
      frame_rate: 29.97,
      total_frame_count: 10,
      duration: 0.5,
      encoding_str: 'avc1',
    }),
    td: new fo.TemporalDetection({ label: 'e', support: [1, 3] }),
    events: new fo.TemporalDetections({ detections: [new fo.TemporalDetection({ label: 'e', support: [2, 4] })] }),
  });
  const objects = [new fo.Detection({ label: 'a', bounding_box: [0, 0, 1, 1], extra: 1 })];
  video.frames.set(
    1,
    new fo.Frame({
      weather: new fo.Classification({ label: 'sun' }),
      speed: 1.5,
      objs: new fo.Detections({ detections: objects }),
    }),
  );
  video.frames.set(3, new fo.Frame({ speed: 2.5 }));
  const metadata = new fo.ImageMetadata({ size_bytes: 1, mime_type: 'image/jpeg', width: 2, height: 3, num_channels: 3 });
  return {
    image: [
      new fo.Sample({ filepath: '/d/im1.jpg', tags: ['train'], metadata, ...labels(), ...primitives() }),
      new fo.Sample({ filepath: '/d/../d/im2.PNG' }),
    ],
    static: [new fo.Sample({ filepath: '/d/im1.jpg', ...labels(), ...primitives() })],
    video: [video, new fo.Sample({ filepath: '/d/v2.mp4' })],
    group: [0, 1].flatMap(groupOf),
    threed: [new fo.Sample({ filepath: '/d/s.fo3d', gt: labels().d3 })],
    pcd: [new fo.Sample({ filepath: '/d/s.pcd' })],
    unknown: [new fo.Sample({ filepath: '/d/s.xyz' })],
    mcap: [new fo.Sample({ filepath: '/d/s.mcap' })],
    empty: [],
  };
}

function groupOf(k: number): fo.Sample[] {
  const group = new fo.Group();
  const gt = new fo.Classification({ label: 'a' });
  const metadata = new fo.SceneMetadata({ asset_counts: { pcd: 1 } });
  const video = new fo.Sample({ filepath: `/d/v${k}.mp4`, group: group.element('vid') });
  if (k === 0) video.frames.set(1, new fo.Frame({ x: 1 }));
  return [
    new fo.Sample({ filepath: `/d/l${k}.png`, group: group.element('left'), gt }),
    video,
    new fo.Sample({ filepath: `/d/s${k}.fo3d`, group: group.element('scene'), metadata }),
    new fo.Sample({ filepath: `/d/p${k}.pcd`, group: group.element('pcd') }),
  ];
}
