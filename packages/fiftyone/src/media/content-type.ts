const TYPES: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  bmp: 'image/bmp',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  webp: 'image/webp',
  avi: 'video/x-msvideo',
  m4v: 'video/x-m4v',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpeg',
  ogv: 'video/ogg',
  webm: 'video/webm',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  gltf: 'model/gltf+json',
  glb: 'model/gltf-binary',
  obj: 'model/obj',
  stl: 'model/stl',
  mtl: 'model/mtl',
  json: 'application/json',
  fo3d: 'application/json',
  geojson: 'application/geo+json',
  pdf: 'application/pdf',
  zip: 'application/zip',
  csv: 'text/csv',
  html: 'text/html',
  txt: 'text/plain',
  xml: 'text/xml',
};

/** What a browser has to know of an object to show it, by the end of its key. */
export function contentType(key: string): string {
  const [, end = ''] = /\.([^./]+)$/.exec(key) ?? [];
  return TYPES[end.toLowerCase()] ?? 'application/octet-stream';
}
