import { start } from "@shared/start";
import App from "./App.vue";
import { routes } from "./routes";
import { t } from "./texts";

start(App, { name: t.name, home: "/", routes });
