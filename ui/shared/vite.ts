/* How each app is built: for Chromium 80, every file hashed, nothing inline, and beside each text file its gzipped twin. */
import vue from "@vitejs/plugin-vue";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Plugin, UserConfig } from "vite";

const texts = /\.(html|js|css|svg|json)$/;

function filesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesOf(path) : [path];
  });
}

function gzipped(): Plugin {
  let folder = "";
  return {
    name: "gzipped",
    apply: "build",
    configResolved: (config) => void (folder = join(config.root, config.build.outDir)),
    closeBundle() {
      if (!existsSync(folder)) return;
      for (const path of filesOf(folder).filter((p) => texts.test(p)))
        writeFileSync(path + ".gz", gzipSync(readFileSync(path), { level: 9 }));
    },
  };
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function app({ plugins = [], ...more }: UserConfig = {}): UserConfig {
  return {
    plugins: [vue(), ...plugins, gzipped()],
    resolve: {
      alias: {
        "@shared": here("./src"),
        "@api": here("./generated/client.ts"),
        "@errors": here("./generated/errors.ts"),
        "@agent": here("../agent/hufu-agent.js"),
      },
    },
    build: {
      target: "chrome80",
      cssTarget: "chrome80",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
    /* While pages are being written: `npm run dev`, with an installation running beside it. */
    server: { proxy: { "/api": process.env.HUFU_ORIGIN ?? "http://portal.localhost:8080" } },
    ...more,
  };
}
