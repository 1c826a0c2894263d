/* The certificate authority's name, a setting of the installation: hufu-web writes it into the page that it hands out. */
export const brand = document.querySelector<HTMLMetaElement>("meta[name=brand]")!.content;
