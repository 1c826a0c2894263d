/* SM3 (GB/T 32905) of a file, piece by piece: what an upload is known by on both sides. Browsers have no SM3 of their own. */

const start = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

const rotate = (x: number, n: number) => (x << n) | (x >>> (32 - n));

const constants = Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

export class Sm3 {
  private state = Int32Array.from(start);
  private words = new Int32Array(68);
  private block = new Uint8Array(64);
  private view = new DataView(this.block.buffer);
  private filled = 0;
  private total = 0;

  update(data: Uint8Array): this {
    this.total += data.length;
    for (let at = 0; at < data.length; ) {
      const part = data.subarray(at, at + 64 - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === 64) this.compress();
    }
    return this;
  }

  hex(): string {
    const bits = this.total * 8;
    const padding = new Uint8Array((this.filled < 56 ? 56 : 120) - this.filled + 8);
    padding[0] = 0x80;
    const end = new DataView(padding.buffer, padding.length - 8);
    end.setUint32(0, Math.floor(bits / 2 ** 32));
    end.setUint32(4, bits >>> 0);
    this.update(padding);
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  private expand() {
    const w = this.words;
    for (let j = 0; j < 16; j++) w[j] = this.view.getInt32(4 * j);
    for (let j = 16; j < 68; j++) {
      const x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15);
      w[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6];
    }
  }

  private compress() {
    const w = this.words;
    let [a, b, c, d, e, f, g, h] = this.state;
    this.expand();
    for (let j = 0; j < 64; j++) {
      const turned = rotate(a, 12);
      const s1 = rotate((turned + e + constants[j]) | 0, 7);
      const s2 = s1 ^ turned;
      const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const t1 = (ff + d + s2 + (w[j] ^ w[j + 4])) | 0;
      const t2 = (gg + h + s1 + w[j]) | 0;
      d = c;
      c = rotate(b, 9);
      b = a;
      a = t1;
      h = g;
      g = rotate(f, 19);
      f = e;
      e = t2 ^ rotate(t2, 9) ^ rotate(t2, 17);
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => (this.state[i] ^= x));
    this.filled = 0;
  }
}
