import { defineConfig } from "vite";
import { app } from "../shared/vite";

export default defineConfig(app());
