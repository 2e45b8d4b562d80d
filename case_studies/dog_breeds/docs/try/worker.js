// Runs the network beside the page, so that the page stays responsive.
// "load" fetches runtime and network once; "answer" decodes a file, stretches it and scores it.

import { decode, stretch } from "./picture.js";

let loading = null;

async function load(built) {
  const ort = await import(`${built}ort.wasm.min.mjs`);
  ort.env.wasm.numThreads = 1; // more would need headers that a plain server does not send
  ort.env.wasm.wasmPaths = built;
  const response = await fetch(`${built}champion.onnx`);
  if (!response.ok) throw new Error(`champion.onnx: ${response.status}`);
  const model = new Uint8Array(await response.arrayBuffer());
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return { ort, session };
}

function loaded(built) {
  loading ??= load(built).catch((error) => {
    loading = null; // the next photograph tries again
    throw error;
  });
  return loading;
}

async function answer({ built, file, size }) {
  const network = loaded(built); // fetched while the picture is decoded
  network.catch(() => {});
  let pixels;
  try {
    pixels = stretch(await decode(file), size);
  } catch (error) {
    return { refused: error instanceof RangeError ? "large" : "picture" };
  }
  const { ort, session } = await network;
  const picture = new ort.Tensor("uint8", pixels, [size, size, 3]);
  const { probabilities, energy } = await session.run({ picture });
  return { p: Array.from(probabilities.data), energy: energy.data[0] };
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") await loaded(data.built);
    else self.postMessage({ id: data.id, ...(await answer(data)) });
  } catch (error) {
    if (data.kind === "answer") self.postMessage({ id: data.id, failed: String(error) });
  }
};
