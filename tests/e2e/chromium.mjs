// How Chromium is started for tests: without what speaks to other hosts, and without what draws for nobody.
const SWITCHED_OFF = [
    ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"], // two pages of the browser's own for every window
    // the last list counts, so what matters of Playwright's own stands here again
    ...["AimEnabled", "DialMediaRouteProvider", "HttpsUpgrades", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"],
    ...["PaintHolding", "ThirdPartyStoragePartitioning", "Translate"],
];
export const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", `--disable-features=${SWITCHED_OFF}`];
