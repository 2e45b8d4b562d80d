// The try-out's page: takes a photograph, asks the worker, shows the answer. Nothing is sent.

(() => {
  const root = document.getElementById("try");
  const here = new URL(".", document.currentScript.src).href;
  const built = `${here}built/`;
  const SHOWN = 5;
  const REFUSED = {
    large: "This picture has too many pixels. Save it smaller and try again.",
    picture: "This file is no picture that your browser can read. Try a JPEG, PNG or WebP file.",
  };

  const made = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const words = (name) => name.replaceAll("_", " ");
  const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

  function stop(text, code = "") {
    const message = made("p", { className: "try-message", textContent: text });
    message.setAttribute("role", "status");
    if (code) message.append(made("code", { textContent: code }));
    root.replaceChildren(message);
  }

  async function start() {
    if (location.protocol === "file:") {
      return stop("This page was opened from the file system, where browsers load no network. " +
        "Serve the folder of the site and open it through that address: ",
        "python -m http.server --directory site");
    }
    if (typeof WebAssembly !== "object" || typeof Worker !== "function" ||
        typeof OffscreenCanvas !== "function" || typeof createImageBitmap !== "function") {
      return stop("This browser cannot run the network: it lacks WebAssembly, workers or off-screen " +
        "drawing. A current version of Firefox, Chrome, Edge or Safari can.");
    }
    const response = await fetch(`${built}champion.json`).catch(() => null);
    if (!response?.ok) {
      return stop("The try-out was not built with this site: the network was not exported, or the " +
        "program that runs it could not be fetched then. To build it: ", "python -m dog_breeds web");
    }
    show(await response.json());
  }

  function show(told) {
    const input = made("input", { type: "file", accept: "image/*", id: "try-file" });
    const label = made("label", { htmlFor: "try-file" },
      made("strong", { textContent: "Choose a photograph of a dog" }),
      made("span", { textContent: "or drop it here" }));
    const zone = made("div", { className: "try-zone" }, label, input);
    const status = made("p", { className: "try-status" });
    status.setAttribute("role", "status");
    const result = made("div", { className: "try-result", hidden: true });
    result.setAttribute("aria-live", "polite");
    result.setAttribute("role", "region");
    result.setAttribute("aria-label", "Answer");
    root.replaceChildren(zone, status, result);

    let worker = null;
    let pending = null;
    let asked = 0;
    const ready = () => {
      if (!worker) {
        worker = new Worker(`${here}worker.js`, { type: "module" });
        worker.onmessage = ({ data }) => pending?.id === data.id && done(data);
        worker.onerror = () => pending && done({ failed: "the worker did not start" });
        worker.postMessage({ kind: "load", built });
      }
      return worker;
    };

    function take(file) {
      if (!file) return;
      pending = { id: ++asked, file, since: performance.now() };
      result.hidden = true;
      status.textContent = `Looking at ${file.name}…`;
      ready().postMessage({ kind: "answer", id: asked, built, file, size: told.size });
    }

    function done(data) {
      const { file, since } = pending;
      pending = null;
      if (data.refused) status.textContent = REFUSED[data.refused];
      else if (data.failed) {
        status.textContent = "The network could not be loaded or run. Reload the page to try again.";
        console.error(data.failed);
      } else {
        fill(result, told, file, data);
        result.hidden = false;
        const took = performance.now() - since;
        root.dataset.took = String(Math.round(took));
        status.textContent = `Answered in ${(took / 1000).toFixed(1)} seconds, on this computer.`;
      }
    }

    // Loaded while the visitor looks for a photograph, unless they asked their browser to save data.
    if (!navigator.connection?.saveData) ready();
    input.addEventListener("change", () => take(input.files[0]));
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("try-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("try-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("try-over");
      take(event.dataTransfer.files[0]);
    });
  }

  let url = null;
  function fill(result, told, file, { p, energy }) {
    const named = told.classes.map((name, k) => ({ name, p: p[k] })).sort((a, b) => b.p - a.p);
    const confidence = told.not_a_dog.score === "energy" ? -energy : named[0].p;
    const quantile = told.set.quantile ?? 1;
    const fits = named.filter((breed) => 1 - breed.p <= quantile).map((breed) => breed.name);

    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(file);
    const picture = made("img", { src: url, alt: `Your photograph: ${file.name}` });
    const list = made("ol", { className: "try-breeds" });
    for (const breed of named.slice(0, SHOWN)) {
      const bar = made("span", { className: "try-bar" }, made("span"));
      bar.setAttribute("aria-hidden", "true");
      bar.firstChild.style.width = `${100 * breed.p}%`;
      const line = made("li", {},
        made("span", { className: "try-name", textContent: words(breed.name) }),
        made("span", { className: "try-p", textContent: percent(breed.p) }), bar);
      line.dataset.breed = breed.name;
      line.dataset.p = String(breed.p);
      list.append(line);
    }
    const set = made("p", { className: "try-set" },
      made("strong", { textContent: `Set at ${percent(told.set.level)}: ` }),
      fits.length ? fits.map(words).join(", ") : "no breed fits");
    set.dataset.fits = fits.join(" ");
    const note = made("p", {
      className: "try-note",
      textContent: "This may not be a dog of these breeds.",
      hidden: confidence >= told.not_a_dog.cut,
    });
    result.replaceChildren(picture, made("div", {}, note, list, set));
  }

  start();
})();
