/* Cameras whose frames go to the service: names in them, and the challenge. */
"use strict";
Object.assign(window.visavis, ((kit) => {
  const { q, act, pause, seen, openCamera, closeCamera, frame, connect } = kit;

  /* ---- live ---- */
  const COLOURS = { match: "#00b884", unknown: "#ff7a1a", ambiguous: "#f0e442", low_quality: "#9aa5b1", not_live: "#ff5c5c" };
  function live(element, props, watch) {
    const root = q(element, ".vv-live"), video = q(root, "video"), canvas = q(root, "canvas");
    const told = q(root, ".vv-told"), words = JSON.parse(root.dataset.words);
    let on = false, socket = null, flying = 0, sent = new Map(), number = 0, faces = [], size = [1, 1];
    let marks = [], trips = [];
    const names = new Map(), unnamed = new Set();
    const say = (text) => { told.textContent = text; };
    const figure = (name, text) => { q(root, `[data-figure="${name}"]`).textContent = text; };
    const stop = (text) => {
      on = false;
      socket?.close();
      socket = null;
      closeCamera(video);
      faces = [];
      root.classList.remove("on");
      act(root, "start").textContent = "Start camera";
      paint();
      list();
      if (text !== undefined) say(text);
    };
    const label = (face) => {
      const who = names.get(face.subject) ?? face.subject ?? words.decisions[face.decision] ?? face.decision;
      const alive = face.sample.liveness;
      const tail = !alive ? "" : alive.live === null ? " · ?" : alive.live ? " · live" : " · not live";
      return `${who}${face.subject ? " " + face.candidates[0].score.toFixed(2) : ""}${tail}`;
    };
    const paint = () => {
      const [width, height] = [video.videoWidth || 16, video.videoHeight || 9];
      if (canvas.width !== width) { canvas.width = width; canvas.height = height; }
      const pen = canvas.getContext("2d"), scale = width / size[0], unit = width / 640;
      pen.clearRect(0, 0, width, height);
      for (const face of faces) {
        const { x1, y1, x2, y2 } = face.sample.face.box, wide = (x2 - x1) * scale;
        const left = width - x2 * scale, top = y1 * scale;  // the video is shown as a mirror
        pen.lineWidth = 3 * unit;
        pen.strokeStyle = COLOURS[face.decision];
        pen.beginPath();
        pen.roundRect(left, top, wide, (y2 - y1) * scale, 8 * unit);
        pen.stroke();
        const text = label(face), high = Math.max(15 * unit, 15 * canvas.width / (canvas.clientWidth || canvas.width));
        pen.font = `600 ${high}px system-ui, sans-serif`;
        const long = pen.measureText(text).width + high, at = Math.max(0, Math.min(left, width - long));
        const above = top - high * 1.75 > 0 ? top - high * 1.75 : y2 * scale + high * 0.25;
        pen.fillStyle = COLOURS[face.decision];
        pen.beginPath();
        pen.roundRect(at, above, long, high * 1.55, high * 0.35);
        pen.fill();
        pen.fillStyle = "#111418";
        pen.fillText(text, at + high / 2, above + high * 1.1);
      }
    };
    const learn = () => {
      const seen = new Set(faces.map((face) => face.subject).filter((id) => id && !names.has(id)));
      const fresh = [...seen].filter((id) => !unnamed.has(id));
      if (!fresh.length) return;
      for (const id of fresh) unnamed.add(id);
      props.value = { ids: [...unnamed] };
    };
    watch("names", () => {
      for (const [id, name] of Object.entries(props.names ?? {})) { names.set(id, name); unnamed.delete(id); }
    });
    const list = () => {
      q(root, ".vv-who").replaceChildren(...faces.map((face) => {
        const line = document.createElement("li");
        line.className = face.decision;
        line.dataset.subject = face.subject ?? "";
        line.textContent = face.subject ? label(face) : `${words.decisions[face.decision]}: ${words.meanings[face.decision]}`;
        return line;
      }));
    };
    const hear = (message) => {
      if (message.type === "error") { flying = Math.max(0, flying - 1); return say(message.error.message); }
      if (message.type === "ready") {
        return say(`Seeking among ${message.templates} templates in “${message.collection}”.`);
      }
      flying = Math.max(0, flying - 1);
      const now = performance.now(), begun = sent.get(message.frame);
      for (const old of [...sent.keys()]) if (old <= message.frame) sent.delete(old);
      marks = [...marks.filter((at) => now - at < 2000), now];
      if (begun) trips = [...trips.slice(-9), now - begun];
      faces = message.faces;
      size = [message.width, message.height];
      figure("fps", (marks.length / 2).toFixed(1));
      figure("trip", trips.length ? Math.round(trips.reduce((a, b) => a + b) / trips.length) : "–");
      figure("work", Math.round(message.latency_ms.total - message.latency_ms.queue));
      figure("dropped", message.dropped);
      learn();
      list();
    };
    const run = async () => {
      if (on) return stop("");
      say("Starting the camera…");
      try { await openCamera(video); } catch (error) { return stop(error.message); }
      on = true; flying = 0; number = 0; sent = new Map(); marks = []; trips = [];
      root.classList.add("on");
      act(root, "start").textContent = "Stop camera";
      const hello = { collection: root.dataset.collection, liveness: "report" };
      socket = connect("live", hello, hear, () => on && stop(told.textContent + " The stream has ended."));
      const turn = () => { if (on) { paint(); requestAnimationFrame(turn); } };
      turn();
      while (on) {
        if (!seen(root)) { stop(""); break; }
        if (socket.readyState === WebSocket.OPEN && flying < 2) {
          const picture = await frame(video, 960);
          if (!on || !picture || socket.readyState !== WebSocket.OPEN) continue;
          flying += 1;
          number += 1;
          sent.set(number, performance.now());
          socket.send(picture);
        }
        await pause(flying < 2 ? 40 : 10);
      }
    };
    act(root, "start").addEventListener("click", run);
  }

  /* ---- the challenge ---- */
  const ARROWS = { left: "←", right: "→", up: "↑", down: "↓", closer: "+" };
  function challenge(element, props, trigger, watch) {
    const root = q(element, ".vv-challenge"), video = q(root, "video"), words = JSON.parse(root.dataset.words);
    const prompt = q(root, ".vv-prompt"), bar = q(root, ".vv-meter i"), end = q(root, ".vv-end");
    let on = false, socket = null;
    const say = (text, arrow = "", small = "") => {
      q(prompt, "b").textContent = text;
      q(prompt, "i").textContent = arrow;
      q(prompt, "span").textContent = small;
    };
    const stop = () => {
      on = false;
      socket?.close();
      socket = null;
      closeCamera(video);
      root.classList.remove("on");
      act(root, "start").textContent = "Start the challenge";
      q(root, ".vv-steps").textContent = "";
    };
    const finish = (look, title, lines) => {
      const head = document.createElement("div"), list = document.createElement("p");
      head.className = "vv-title";
      const mark = document.createElement("span");
      mark.className = "vv-mark";
      mark.textContent = look === "good" ? "✓" : look === "bad" ? "✕" : "!";
      head.append(mark, title);
      list.className = "vv-said";
      list.textContent = lines;
      end.className = `vv-end vv-verdict ${look}`;
      end.replaceChildren(head, list);
      end.hidden = false;
    };
    const judge = (found) => {
      const why = found.reasons.map((code) => words.reasons[code] ?? code.replaceAll("_", " ")).join("; ");
      const done = `${found.steps_done} of ${found.steps} steps in ${found.seconds} s.`;
      const cannot = found.reasons.length && found.reasons.every((code) => words.cannot.includes(code));
      if (found.live) finish("good", "A live person", done);
      else finish(cannot ? "warn" : "bad", cannot ? "Not finished" : "Refused", `${done} Why: ${why}.`);
    };
    const progress = (found) => {
      const name = found.phase === "do" ? found.action : found.phase;
      const held = found.phase === "hold" ? words.prompts[found.action] : "";
      say(words.prompts[name] ?? name, ARROWS[found.phase === "do" ? found.action : ""] ?? "",
        found.face === false ? "No face is seen" : held || (found.seconds_left ? `${Math.ceil(found.seconds_left)} s` : ""));
      bar.style.width = `${100 * found.done / found.of}%`;
      q(root, ".vv-steps").textContent = `Step ${Math.min(found.done + 1, found.of)} of ${found.of}`;
    };
    const begin = async (given) => {
      end.hidden = true;
      let judged = false, trouble = "";
      const over = () => {
        if (!judged) finish("warn", "Not finished", trouble || "The connection has ended.");
        stop();
        say("", "", "");
      };
      socket = connect(`challenges/${given.id}`, {}, (message) => {
        if (message.type === "progress") progress(message);
        if (message.type === "error") trouble = message.error.message;
        if (message.type === "verdict") { judged = true; judge(message.verdict); }
      }, over);
      while (on && socket && socket.readyState <= WebSocket.OPEN) {
        if (!seen(root)) { stop(); break; }
        if (socket.readyState === WebSocket.OPEN && socket.bufferedAmount === 0) {
          const picture = await frame(video, 800);
          if (on && picture && socket?.readyState === WebSocket.OPEN) socket.send(picture);
        }
        await pause(100);
      }
    };
    act(root, "start").addEventListener("click", async () => {
      if (on) return stop();
      end.hidden = true;
      say("Starting the camera…");
      try { await openCamera(video); } catch (error) { stop(); say(""); return finish("warn", "No camera", error.message); }
      on = true;
      root.classList.add("on");
      act(root, "start").textContent = "Stop";
      say("Get ready");
      props.value = { asked: Date.now() };
    });
    watch("given", () => {
      const given = props.given;
      if (given?.id && on) begin(given);
      else if (given?.trouble) { stop(); say(""); finish("warn", "Not started", given.trouble); }
    });
  }

  return { live, challenge };
})(window.visavis.kit));
