import { geoContains, geoMercator, geoPath } from "d3-geo";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import url from "world-atlas/countries-50m.json?url";

export const WIDTH = 640;
export const HEIGHT = 360;

interface Countries extends Topology {
    objects: { countries: GeometryCollection<{ name: string }>; land: GeometryCollection };
}

/** The world on a map of WIDTH by HEIGHT: paths of land and borders, and what lies where. */
export interface World {
    land: string;
    borders: string;
    /** The country of a point, "" at sea. */
    country: (lon: number, lat: number) => string;
}

export const projection = geoMercator()
    .scale(WIDTH / (2 * Math.PI))
    .translate([WIDTH / 2, HEIGHT / 2 + 40]);

/** Reads the shapes of the world. Throws where they cannot be had. */
async function read(): Promise<World> {
    const topology = (await (await fetch(url)).json()) as Countries;
    const path = geoPath(projection);
    const countries = feature(topology, topology.objects.countries).features;
    return {
        land: path(feature(topology, topology.objects.land)) ?? "",
        borders: path(mesh(topology, topology.objects.countries, (one, other) => one !== other)) ?? "",
        country: (lon, lat) => countries.find((one) => geoContains(one, [lon, lat]))?.properties.name ?? "",
    };
}

let loaded: Promise<World> | undefined;
export const world = (): Promise<World> => (loaded ??= read());
