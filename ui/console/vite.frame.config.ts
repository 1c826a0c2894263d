/* The viewer of scans: one plain script, since a frame without an origin can load no modules. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vite";
import { app } from "../shared/vite";

const outDir = "dist/frame";

export default defineConfig(
  app({
    publicDir: false,
    build: {
      target: "chrome80",
      outDir,
      emptyOutDir: true,
      minify: true,
      reportCompressedSize: false,
      lib: { entry: "frame/viewer.ts", formats: ["iife"], name: "viewer", fileName: () => "viewer.js" },
    },
    plugins: [
      {
        name: "frame-page",
        closeBundle() {
          for (const name of ["viewer.html", "viewer.css"]) copyFileSync(join("frame", name), join(outDir, name));
        },
      },
    ],
  }),
);
