// A photograph to the square of bytes the network takes: what src/dog_breeds/pictures.py does.

const LIMIT = 50_000_000; // pixels

/** Decode a file: turned as EXIF says, without its colour profile, laid on white. */
export async function decode(file) {
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(file, options);
  const { width, height } = bitmap;
  if (width * height > LIMIT) {
    bitmap.close();
    throw new RangeError("too many pixels");
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** Stretch RGBA pixels to RGB bytes (size, size, 3): area means to shrink, linear to enlarge. */
export function stretch({ data, width, height }, size) {
  const down = shares(height, size);
  const across = shares(width, size);
  const out = new Uint8Array(size * size * 3);
  const row = new Float64Array(width * 3);
  down.forEach(([top, weights], y) => {
    row.fill(0);
    weights.forEach((weight, k) => {
      let from = (top + k) * width * 4;
      for (let x = 0; x < width * 3; x += 3, from += 4) {
        row[x] += weight * data[from];
        row[x + 1] += weight * data[from + 1];
        row[x + 2] += weight * data[from + 2];
      }
    });
    across.forEach(([left, parts], x) => {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        parts.forEach((part, k) => (sum += part * row[(left + k) * 3 + channel]));
        out[(y * size + x) * 3 + channel] = Math.floor(sum + 0.5);
      }
    });
  });
  return out;
}

/** For each of `size` places the first of `n` pixels it takes, and their shares. */
function shares(n, size) {
  const step = n / size;
  return Array.from({ length: size }, (_, place) => {
    let first;
    let parts;
    if (n > size) {
      first = Math.floor(place * step);
      const last = Math.min(n, Math.ceil((place + 1) * step - 1e-9));
      const inside = (at) => Math.min(Math.max(at, place * step), (place + 1) * step);
      parts = Array.from({ length: last - first }, (_, k) =>
        inside(first + k + 1) - inside(first + k));
    } else {
      const centre = Math.min(Math.max((place + 0.5) * step - 0.5, 0), n - 1);
      first = Math.min(Math.floor(centre), Math.max(n - 2, 0));
      parts = [1 - (centre - first), centre - first].slice(0, n - first);
    }
    const sum = parts.reduce((a, b) => a + b, 0);
    return [first, parts.map((part) => part / sum)];
  });
}
