/* What all parts of the pages that need a browser share: elements, pictures, the camera, WebSockets.
   No photo leaves the page but to the service it came from, and none is put into storage. */
"use strict";
window.visavis = (() => {
  const q = (root, name) => root.querySelector(name);
  const act = (root, name) => q(root, `[data-do="${name}"]`);
  const shown = (node, yes) => { if (node) node.hidden = !yes; };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = (node) => node.isConnected && node.offsetParent !== null;

  function read(file) {
    return new Promise((done, fail) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = () => fail(reader.error);
      reader.readAsDataURL(file);
    });
  }

  /* ---- the camera ---- */
  async function openCamera(video) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("A browser lends its camera only to pages of this machine, or over HTTPS.");
    }
    try {
      const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" };
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      throw new Error(error.name === "NotAllowedError"
        ? "The browser was not allowed to use the camera." : "No camera was found, or another program has it.");
    }
    video.muted = true;
    await video.play();
    while (!video.videoWidth) await pause(30);
  }
  function closeCamera(video) {
    for (const track of video.srcObject?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
  function draw(video, side) {
    const ratio = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * ratio);
    canvas.height = Math.round(video.videoHeight * ratio);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  const still = (video, side = 1920, quality = 0.95) => draw(video, side).toDataURL("image/jpeg", quality);
  const frame = (video, side, quality = 0.85) =>
    new Promise((done) => draw(video, side).toBlob(done, "image/jpeg", quality));

  /* ---- WebSockets of the service, by way of the pages' own session ---- */
  const address = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ui/socket/${path}`;
  function connect(path, hello, hear, over) {
    const socket = new WebSocket(address(path));
    socket.onopen = () => socket.send(JSON.stringify(hello));
    socket.onmessage = (event) => hear(JSON.parse(event.data));
    socket.onclose = () => over();
    return socket;
  }

  /* ---- what came in answer to a press, where it is not in sight ---- */
  function reveal(id) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.getElementById(id)?.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  }

  return { reveal, kit: { q, act, shown, pause, seen, read, openCamera, closeCamera, still, frame, connect } };
})();
