/* Draws one PDF, JPEG or PNG. Runs in a frame without an origin (sandbox), so that a file made to attack its reader reaches
 * nothing: no session, no agent, no network. No eval (CVE-2024-4367), and pages are drawn one after the other. */
import "./old";
import { getDocument, type PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import "pdfjs-dist/legacy/build/pdf.worker.mjs";

const pagesMax = 100;
const pixelsMax = 16_000_000;

const box = document.getElementById("pages")!;
const count = document.getElementById("count")!;
let scale = 1;
let turned = 0;
let round = 0;
let draw: ((mine: number) => Promise<void>) | null = null;

function say(words: string) {
  box.textContent = "";
  const p = document.createElement("p");
  p.className = "words";
  p.textContent = words;
  box.append(p);
}

async function again() {
  if (!draw) return;
  const mine = ++round;
  try {
    await draw(mine);
  } catch {
    if (mine === round) say("这个文件显示不出来。请下载后用其他软件核对，或退回申请人重新上传。");
  }
}

async function drawPdf(pdf: PDFDocumentProxy, mine: number) {
  const canvases: HTMLCanvasElement[] = [];
  const last = Math.min(pdf.numPages, pagesMax);
  for (let i = 1; i <= last && mine === round; i++) {
    const page = await pdf.getPage(i);
    const plain = page.getViewport({ scale: 1, rotation: (page.rotate + turned) % 360 });
    const width = Math.max(200, box.clientWidth - 24) * scale;
    const sharp = Math.min(
      window.devicePixelRatio || 1,
      Math.sqrt(pixelsMax / (width * width * (plain.height / plain.width))),
    );
    const view = page.getViewport({ scale: (width / plain.width) * sharp, rotation: (page.rotate + turned) % 360 });
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(view.width);
    canvas.height = Math.floor(view.height);
    canvas.style.width = `${Math.floor(width)}px`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `第 ${i} 页`);
    await page.render({ canvasContext: canvas.getContext("2d")!, viewport: view }).promise;
    canvases.push(canvas);
    if (mine === round && i === 1) box.replaceChildren(canvas);
    else if (mine === round) box.append(canvas);
    page.cleanup();
  }
  count.textContent = `共 ${pdf.numPages} 页`;
}

function drawImage(image: HTMLImageElement) {
  const width = Math.max(200, box.clientWidth - 24) * scale;
  const sideways = turned % 180 !== 0;
  const high = sideways
    ? (width * image.naturalWidth) / image.naturalHeight
    : (width * image.naturalHeight) / image.naturalWidth;
  const canvas = document.createElement("canvas");
  const sharp = Math.min(window.devicePixelRatio || 1, Math.sqrt(pixelsMax / (width * high)));
  canvas.width = Math.floor(width * sharp);
  canvas.height = Math.floor(high * sharp);
  canvas.style.width = `${Math.floor(width)}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "图片");
  const pen = canvas.getContext("2d")!;
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate((turned * Math.PI) / 180);
  const [w, h] = sideways ? [canvas.height, canvas.width] : [canvas.width, canvas.height];
  pen.drawImage(image, -w / 2, -h / 2, w, h);
  box.replaceChildren(canvas);
  count.textContent = "1 页";
}

const starts = (b: Uint8Array, ...bytes: number[]) => bytes.every((x, i) => b[i] === x);

async function show(bytes: ArrayBuffer) {
  const b = new Uint8Array(bytes);
  scale = 1;
  turned = 0;
  draw = null;
  round++;
  say("正在打开…");
  if (starts(b, 0x25, 0x50, 0x44, 0x46)) {
    const pdf = await getDocument({
      data: b,
      isEvalSupported: false,
      useSystemFonts: true,
      disableFontFace: false,
      enableXfa: false,
      stopAtErrors: false,
    }).promise;
    draw = (mine) => drawPdf(pdf, mine);
  } else {
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([b], { type: starts(b, 0x89, 0x50) ? "image/png" : "image/jpeg" }));
    await image.decode();
    draw = async () => drawImage(image);
  }
  await again();
}

window.addEventListener("message", (e) => {
  if (e.source !== window.parent || e.data?.kind !== "show") return;
  show(e.data.bytes).catch(() => say("这个文件打不开。请下载后用其他软件核对，或退回申请人重新上传。"));
});

function onClick(id: string, action: () => void) {
  document.getElementById(id)!.addEventListener("click", () => {
    action();
    void again();
  });
}
onClick("smaller", () => (scale = Math.max(0.5, scale / 1.3)));
onClick("larger", () => (scale = Math.min(4, scale * 1.3)));
onClick("fit", () => (scale = 1));
onClick("turn", () => (turned = (turned + 90) % 360));

let resized = 0;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = window.setTimeout(again, 200);
});

window.parent.postMessage({ kind: "ready" }, "*");
