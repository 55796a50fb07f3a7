/** Calls a function once an element comes near to what its panel shows, but not while one writes in it: `{@attach near(() => …)}`. */
export function near(come: () => void) {
    return (element: Element) => {
        const arrive = (): void => {
            if (document.activeElement === element) element.addEventListener("blur", come, { once: true });
            else come();
        };
        const options = { root: element.closest(".body"), rootMargin: "400px 0px" };
        const watch = new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && arrive(), options);
        watch.observe(element);
        return () => watch.disconnect();
    };
}
