import "element-plus/theme-chalk/base.css";
import "./base.css";
import "./element.css";
