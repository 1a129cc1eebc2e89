"""Georeferenced rasters in, maps out: read and checked by GDAL's own Python."""

import csv
import json
import os
import threading
import unittest
from xml.etree import ElementTree

import numpy as np
from osgeo import gdal, ogr, osr

from program import ProgramTest, labels_of, model_of

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()

USAGE, BAD_INPUT = 2, 4
TRANSFORM = (600000.0, 30.0, 0.5, 5000000.0, 0.25, -30.0)
PIXEL_AREA = 30 * 30 + 0.5 * 0.25


def scene(height=60, width=70, bands=4, dtype=np.uint8, seed=3):
    """Three kinds of ground with noise, bands x height x width."""
    random = np.random.default_rng(seed)
    ground = (np.arange(width) * 3 // width)[None, :].repeat(height, 0)
    means = random.integers(40, 200, (3, bands))
    values = means[ground].transpose(2, 0, 1) + random.normal(0, 4, (bands, height, width))
    return np.clip(values.round(), 1, 250).astype(dtype)


def utm(zone=32):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32600 + zone)
    return reference


class MapTest(ProgramTest):
    def raster(self, name, values, no_data=None, driver="GTiff", options=(), located=True, kind=None):
        """Writes bands x height x width; returns the open dataset's path."""
        path = str(self.folder / name)
        kind = kind or {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16,
                        "float32": gdal.GDT_Float32, "float64": gdal.GDT_Float64}[values.dtype.name]
        if driver == "GTiff" and not any(o.startswith("PHOTOMETRIC") for o in options) and len(values) != 3:
            options = [*options, "PHOTOMETRIC=MINISBLACK"]  # four bytes would be red, green, blue and alpha
        dataset = gdal.GetDriverByName(driver).Create(path, values.shape[2], values.shape[1], len(values), kind,
                                                      options=list(options))
        if located:
            dataset.SetGeoTransform(TRANSFORM)
            dataset.SetSpatialRef(utm())
        for b, plane in enumerate(values, 1):
            if no_data is not None:
                dataset.GetRasterBand(b).SetNoDataValue(no_data)
            dataset.GetRasterBand(b).WriteArray(plane)
        return dataset

    def damage(self, name, x, y):
        """Noise in place of a part of the block of column x and row y of blocks."""
        path = self.folder / name
        dataset = gdal.Open(str(path))
        band = dataset.GetRasterBand(1)
        offset, size = (int(band.GetMetadataItem(f"BLOCK_{what}_{x}_{y}", "TIFF")) for what in ("OFFSET", "SIZE"))
        content = bytearray(path.read_bytes())
        content[offset + size // 3:offset + size // 3 + 400] = np.random.default_rng(1).bytes(400)
        path.write_bytes(bytes(content))

    def out(self, name):
        return gdal.Open(str(self.folder / "segmented" / name))


class Outputs(MapTest):
    def setUp(self):
        super().setUp()
        values = scene()
        values[:, :5, :7] = 0
        dataset = self.raster("scene.tif", values, no_data=0)
        dataset.SetMetadataItem("AREA_OR_POINT", "Point")
        dataset.SetMetadataItem("TIFFTAG_DATETIME", "2026:01:02 03:04:05")
        del dataset

    def test_maps_lie_where_the_raster_lies(self):
        self.succeed("scene.tif", "-k", 3, "--write", "labels,probabilities,uncertainty,density,anomalies,outliers")
        for name in ("labels", "probs", "uncertainty", "density", "anomalies", "outliers"):
            with self.subTest(name):
                made = self.out(f"scene_{name}.tif")
                self.assertEqual(made.GetGeoTransform(), TRANSFORM)
                self.assertTrue(made.GetSpatialRef().IsSame(utm()))
                self.assertEqual(made.GetMetadataItem("AREA_OR_POINT"), "Point")
                self.assertEqual(made.GetMetadataItem("TIFFTAG_DATETIME"), "2026:01:02 03:04:05")
                self.assertEqual((made.RasterXSize, made.RasterYSize), (70, 60))
                self.assertEqual(made.GetRasterBand(1).GetBlockSize(), [512, 512])

    def test_labels_have_colours_a_table_and_a_style(self):
        (self.folder / "names.csv").write_text('class,name,color\n2,"wood & <field>",#102030\n')
        self.succeed("scene.tif", "-k", 3, "--class-names", "names.csv", "--write", "labels,model")
        made, model = self.out("scene_labels.tif"), model_of(self.folder / "segmented/scene.gmm.json")
        band = made.GetRasterBand(1)
        labels = band.ReadAsArray()
        self.assertEqual(band.DataType, gdal.GDT_Byte)
        self.assertEqual(band.GetNoDataValue(), 0)
        self.assertEqual(band.GetDescription(), "class")
        self.assertTrue((labels[:5, :7] == 0).all())
        self.assertEqual(set(np.unique(labels)), {0, 1, 2, 3})
        table = band.GetDefaultRAT()
        columns = [table.GetNameOfCol(c) for c in range(table.GetColumnCount())]
        self.assertEqual(columns, ["Value", "Count", "Class", "Red", "Green", "Blue"] +
                         [f"Mean {feature['name']}" for feature in model["features"]])
        style = ElementTree.parse(self.folder / "segmented/scene_labels.qml").getroot()
        entries = style.findall("./pipe/rasterrenderer[@type='paletted']/colorPalette/paletteEntry")
        for row, (entry, shown) in enumerate(zip(model["classes"], entries, strict=True)):
            colour = tuple(int(entry["color"][i:i + 2], 16) for i in (1, 3, 5))
            self.assertEqual(band.GetColorTable().GetColorEntry(entry["index"])[:3], colour)
            self.assertEqual(table.GetValueAsInt(row, 0), entry["index"])
            self.assertEqual(table.GetValueAsInt(row, 1), (labels == entry["index"]).sum())
            self.assertEqual(table.GetValueAsString(row, 2), entry["name"])
            self.assertEqual(tuple(table.GetValueAsInt(row, c) for c in (3, 4, 5)), colour)
            np.testing.assert_allclose([table.GetValueAsDouble(row, 6 + d) for d in range(4)], entry["mean"], rtol=1e-6)
            self.assertEqual((shown.get("value"), shown.get("label"), shown.get("color")),
                             (str(entry["index"]), entry["name"], entry["color"]))
        told = made.GetMetadata("GMMSEG")
        self.assertEqual((told["COMPONENTS"], told["SEED"], told["COVARIANCE"], told["STOP_REASON"]),
                         ("3", "0", "full", model["stop_reason"]))
        self.assertAlmostEqual(float(told["LOG_LIKELIHOOD"]), model["log_likelihood_per_sample"], places=9)

    def test_probabilities_are_scaled_and_agree_with_the_labels(self):
        for depth, kind, no_data in (("f32", gdal.GDT_Float32, np.nan), ("u16", gdal.GDT_UInt16, 65535),
                                     ("u8", gdal.GDT_Byte, 255)):
            with self.subTest(depth):
                self.succeed("scene.tif", "-k", 3, "--write", "labels,probabilities", "--depth", depth, "--overwrite")
                made, labels = self.out("scene_probs.tif"), self.out("scene_labels.tif").ReadAsArray()
                sums, planes = 0, []
                for k in (1, 2, 3):
                    band = made.GetRasterBand(k)
                    self.assertEqual((band.DataType, band.GetDescription()), (kind, f"P({k})"))
                    np.testing.assert_equal(band.GetNoDataValue(), no_data)
                    stored = band.ReadAsArray()
                    missing = np.isnan(stored) if depth == "f32" else stored == no_data
                    np.testing.assert_array_equal(missing, labels == 0)
                    planes.append(stored * (band.GetScale() or 1) + (band.GetOffset() or 0))
                    sums = sums + planes[-1]
                np.testing.assert_allclose(sums[labels > 0], 1, atol=0.009)
                self.assertTrue((np.argmax(planes, 0) + 1 == labels)[labels > 0].mean() > 0.999)

    def test_large_maps_have_overviews_and_cogs_are_cogs(self):
        self.raster("large.tif", np.tile(scene(), (1, 20, 20)))
        self.succeed("large.tif", "-k", 3, "--write", "labels,uncertainty")
        plain = self.out("large_labels.tif")
        self.assertEqual(plain.GetRasterBand(1).GetOverviewCount(), 2)
        overview = plain.GetRasterBand(1).GetOverview(0).ReadAsArray()
        self.assertEqual(set(np.unique(overview)), {1, 2, 3})
        self.succeed("large.tif", "-k", 3, "--write", "labels,uncertainty", "--cog", "--overwrite")
        cog = self.out("large_labels.tif")
        self.assertEqual(cog.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE"), "COG")
        self.assertEqual(cog.GetGeoTransform(), TRANSFORM)
        self.assertEqual(cog.GetMetadataItem("GMMSEG_COMPONENTS"), "3")
        self.assertEqual(cog.GetRasterBand(1).GetDefaultRAT().GetRowCount(), 3)
        np.testing.assert_array_equal(cog.ReadAsArray(), plain.ReadAsArray())

    def test_existing_maps_are_refused_and_stale_ones_removed(self):
        self.succeed("scene.tif", "-k", 3, "--write", "labels,uncertainty")
        self.fail(USAGE, "scene.tif", "-k", 3, "--write", "labels", says=("scene_labels", "--overwrite"))
        self.succeed("scene.tif", "-k", 3, "--write", "uncertainty", "--overwrite")
        self.assertEqual(sorted(p.name for p in (self.folder / "segmented").iterdir()), ["scene_uncertainty.tif"])

    def test_threads_do_not_change_a_byte(self):
        for threads in (1, 2):
            self.succeed("scene.tif", "-k", 3, "--threads", threads, "-o", f"t{threads}",
                         "--write", "labels,probabilities,uncertainty")
        for path in (self.folder / "t1").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "t2" / path.name).read_bytes(), path.name)

    def test_plain_tiff_still_gives_pictures(self):
        self.raster("plain.tif", scene(), located=False)
        self.succeed("plain.tif", "-k", 3, "--write", "labels")
        self.assertEqual([p.name for p in (self.folder / "segmented").iterdir()], ["plain_labels.png"])

    def test_control_points_and_rpc_are_kept(self):
        dataset = self.raster("points.tif", scene(), located=False)
        points = [gdal.GCP(10.0 + x, 50.0 - y, 7, x, y, "", str(x + y)) for x, y in ((0, 0), (69, 0), (0, 59), (30, 20))]
        geographic = osr.SpatialReference()
        geographic.ImportFromEPSG(4326)
        geographic.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        dataset.SetGCPs(points, geographic)
        rpc = {f"{part}_{kind}": str(n) for n, (part, kind) in enumerate(
            ((p, k) for k in ("OFF", "SCALE") for p in ("LINE", "SAMP", "LAT", "LONG", "HEIGHT")), 1)}
        for part in ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"):
            rpc[f"{part}_COEFF"] = " ".join(str(i / 8) for i in range(20))
        dataset.SetMetadata(rpc, "RPC")
        del dataset
        self.succeed("points.tif", "-k", 3, "--write", "labels")
        made = self.out("points_labels.tif")
        self.assertEqual([(p.GCPX, p.GCPY, p.GCPZ, p.GCPPixel, p.GCPLine) for p in made.GetGCPs()],
                         [(p.GCPX, p.GCPY, p.GCPZ, p.GCPPixel, p.GCPLine) for p in points])
        self.assertTrue(made.GetGCPSpatialRef().IsSame(geographic))
        kept = made.GetMetadata("RPC")
        for name, value in rpc.items():
            np.testing.assert_allclose([float(v) for v in kept[name].split()], [float(v) for v in value.split()])


class RegionMaps(MapTest):
    """Regions of what lies on the earth lie there, too."""

    def setUp(self):
        super().setUp()
        self.values = scene()
        self.values[:, :5, :7] = 0
        self.raster("scene.tif", self.values, no_data=0)

    def cut(self, *words, name="scene", write="labels,polygons,region-table"):
        self.succeed(f"{name}.tif", "--regions", *words, "--write", write, "--overwrite")

    def collection(self, name="scene"):
        return json.loads((self.folder / f"segmented/{name}_regions.geojson").read_text(encoding="utf-8"))

    def table(self, name="scene"):
        with open(self.folder / f"segmented/{name}_regions.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def report(self):
        return json.loads((self.folder / "segmented/scene_regions.json").read_text(encoding="utf-8"))

    def assert_polygons_are_the_labels(self, reference, transform, name="scene"):
        """On the map, with areas that are those of the table beside the labels."""
        labels = self.out(f"{name}_labels.tif")
        source = ogr.Open(str(self.folder / f"segmented/{name}_regions.geojson"))
        layer = source.GetLayer()
        self.assertTrue(layer.GetSpatialRef().IsSame(reference))
        pixel_area = abs(transform[1] * transform[5] - transform[2] * transform[4])
        table = labels.GetRasterBand(1).GetDefaultRAT()
        self.assertEqual(layer.GetFeatureCount(), table.GetRowCount())
        for row, feature in enumerate(layer):
            self.assertEqual(feature.GetField("region"), table.GetValueAsInt(row, 0))
            area = table.GetValueAsInt(row, 1) * pixel_area
            np.testing.assert_allclose([feature.GetGeometryRef().GetArea(), feature.GetField("map_area")], area, rtol=1e-6)
        drawn = gdal.GetDriverByName("MEM").Create("", labels.RasterXSize, labels.RasterYSize, 1, gdal.GDT_UInt16)
        drawn.SetGeoTransform(transform)
        drawn.SetSpatialRef(labels.GetSpatialRef())
        gdal.RasterizeLayer(drawn, [1], layer, options=["ATTRIBUTE=region"])
        np.testing.assert_array_equal(drawn.ReadAsArray(), labels.ReadAsArray())

    def test_labels_are_a_map_with_a_table(self):
        self.cut(9, write="labels,overlay,masks")
        self.assertEqual(self.names(), ["scene_labels.qml", "scene_labels.tif", "scene_labels.tif.aux.xml",
                                        *(f"scene_mask_{r}.png" for r in range(1, 10)), "scene_overlay.png"])
        made = self.out("scene_labels.tif")
        self.assertEqual(made.GetGeoTransform(), TRANSFORM)
        self.assertTrue(made.GetSpatialRef().IsSame(utm()))
        band = made.GetRasterBand(1)
        labels = band.ReadAsArray()
        self.assertEqual((band.DataType, band.GetNoDataValue()), (gdal.GDT_Byte, 0))
        np.testing.assert_array_equal(labels == 0, self.values[0] == 0)
        table = band.GetDefaultRAT()
        self.assertEqual([table.GetNameOfCol(c) for c in range(table.GetColumnCount())],
                         ["Value", "Count", "Class", "Red", "Green", "Blue"] + [f"Mean band_{b}" for b in (1, 2, 3, 4)])
        self.assertEqual(table.GetRowCount(), 9)
        style = ElementTree.parse(self.folder / "segmented/scene_labels.qml").getroot()
        entries = style.findall("./pipe/rasterrenderer[@type='paletted']/colorPalette/paletteEntry")
        for row, shown in zip(range(9), entries, strict=True):
            inside = labels == row + 1
            self.assertEqual((table.GetValueAsInt(row, 0), table.GetValueAsInt(row, 1), table.GetValueAsString(row, 2)),
                             (row + 1, inside.sum(), f"region {row + 1}"))
            colour = tuple(table.GetValueAsInt(row, c) for c in (3, 4, 5))
            self.assertEqual(band.GetColorTable().GetColorEntry(row + 1)[:3], colour)
            self.assertEqual((shown.get("label"), shown.get("color")), (f"region {row + 1}", "#%02x%02x%02x" % colour))
            np.testing.assert_allclose([table.GetValueAsDouble(row, 6 + b) for b in range(4)],
                                       self.values[:, inside].mean(axis=1))
        told = made.GetMetadata("GMMSEG")
        self.assertEqual(set(told), {"VERSION", "SEED", "REGIONS", "LEVEL"})
        self.assertEqual((told["SEED"], told["REGIONS"]), ("0", "9"))
        self.cut(9, write="region-table")
        self.assertEqual(float(told["LEVEL"]), self.report()["level"])

    def test_polygons_lie_on_the_map(self):
        self.cut(12)
        self.assert_polygons_are_the_labels(utm(), TRANSFORM)
        collection = self.collection()
        self.assertEqual(collection["crs"], {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}})
        for feature in collection["features"]:
            geometry = feature["geometry"]
            polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
            for polygon in polygons:
                for ring, turns in zip(polygon, [1] + [-1] * len(polygon)):
                    x, y = np.array(ring).T
                    self.assertEqual(np.sign(np.sum((x[:-1] - x[0]) * (y[1:] - y[0]) - (x[1:] - x[0]) * (y[:-1] - y[0]))),
                                     turns)

    def test_the_table_tells_places_on_the_map(self):
        self.cut(5)
        labels = self.out("scene_labels.tif").ReadAsArray()
        for row, entry in zip(self.table(), self.report()["regions"], strict=True):
            y, x = np.nonzero(labels == int(row["region"]))
            place = gdal.ApplyGeoTransform(TRANSFORM, x.mean() + 0.5, y.mean() + 0.5)
            np.testing.assert_allclose([float(row["map_x"]), float(row["map_y"])], place, rtol=1e-12)
            np.testing.assert_allclose(entry["map_centroid"], place, rtol=1e-12)
            np.testing.assert_allclose([float(row["map_area"]), entry["map_area"]], len(x) * PIXEL_AREA)

    def test_systems_of_reference(self):
        """Degrees, the first of them with the south up; one with heights; one that tells no code."""
        for number, (system, plane, urn) in enumerate((
                ("EPSG:4326", "EPSG:4326", "OGC:1.3:CRS84"), ("EPSG:4258", "EPSG:4258", "EPSG::4258"),
                ("EPSG:25832+7837", "EPSG:25832", "EPSG::25832"),
                ("+proj=utm +zone=33 +datum=WGS84", "EPSG:32633", "EPSG::32633"))):
            with self.subTest(system):
                reference = osr.SpatialReference()
                reference.SetFromUserInput(system)
                reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
                transform = (10.0, 0.001, 0, 50, 0, 0.001 if number == 0 else -0.001)
                dataset = self.raster(f"s{number}.tif", self.values, no_data=0)
                dataset.SetGeoTransform(transform)
                dataset.SetSpatialRef(reference)
                del dataset
                self.cut(6, name=f"s{number}")
                self.assertEqual(self.collection(f"s{number}")["crs"]["properties"]["name"], f"urn:ogc:def:crs:{urn}")
                expected = osr.SpatialReference()
                expected.SetFromUserInput(plane)
                expected.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
                self.assert_polygons_are_the_labels(expected, transform, f"s{number}")

    def test_without_a_code_polygons_are_in_pixels(self):
        self.cut(4)
        on_map = self.collection()
        local = osr.SpatialReference()
        local.SetFromUserInput("+proj=laea +lat_0=47.3 +lon_0=11.1 +datum=WGS84")
        dataset = self.raster("local.tif", self.values, no_data=0)
        dataset.SetSpatialRef(local)
        del dataset
        self.cut(4, name="local")
        collection = self.collection("local")
        self.assertNotIn("crs", collection)
        for feature, mapped in zip(collection["features"], on_map["features"], strict=True):
            self.assertEqual(feature["properties"], mapped["properties"])
            ring = feature["geometry"]["coordinates"][0]
            self.assertTrue(all(isinstance(n, int) for corner in ring for n in corner))
            self.assertEqual({tuple(gdal.ApplyGeoTransform(TRANSFORM, *corner)) for corner in ring},
                             {tuple(corner) for corner in mapped["geometry"]["coordinates"][0]})
        self.assertIn("map_x", self.table("local")[0])

    def test_control_points_give_a_map_of_labels_alone(self):
        dataset = self.raster("points.tif", self.values, no_data=0, located=False)
        dataset.SetGCPs([gdal.GCP(10.0 + x, 50.0 - y, 7, x, y) for x, y in ((0, 0), (69, 0), (0, 59))], utm())
        del dataset
        self.cut(4, name="points")
        self.assertEqual(self.out("points_labels.tif").GetGCPCount(), 3)
        collection = self.collection("points")
        self.assertNotIn("crs", collection)
        self.assertNotIn("map_area", collection["features"][0]["properties"])
        self.assertNotIn("map_x", self.table("points")[0])

    def test_more_than_255_regions_are_16_bits(self):
        self.cut(300)
        made = self.out("scene_labels.tif")
        band = made.GetRasterBand(1)
        self.assertEqual((band.DataType, band.GetColorTable()), (gdal.GDT_UInt16, None))
        self.assertEqual(band.GetDefaultRAT().GetRowCount(), 300)
        self.assert_polygons_are_the_labels(utm(), TRANSFORM)

    def test_large_maps_have_overviews_and_cogs_are_cogs(self):
        self.raster("large.tif", np.tile(scene(), (1, 10, 10)))
        self.cut(20, name="large", write="labels")
        plain = self.out("large_labels.tif")
        self.assertEqual(plain.GetRasterBand(1).GetOverviewCount(), 1)
        self.cut(20, "--cog", name="large", write="labels,overlay")
        cog = self.out("large_labels.tif")
        self.assertEqual(cog.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE"), "COG")
        self.assertEqual((cog.GetGeoTransform(), cog.GetMetadataItem("GMMSEG_REGIONS")), (TRANSFORM, "20"))
        self.assertEqual(cog.GetRasterBand(1).GetDefaultRAT().GetRowCount(), 20)
        np.testing.assert_array_equal(cog.ReadAsArray(), plain.ReadAsArray())

    def test_what_lies_nowhere_stays_a_picture(self):
        self.raster("plain.tif", self.values, no_data=0, located=False)
        self.cut(4, "--cog", name="plain")
        self.assertEqual(self.names(), [f"plain_{name}" for name in ("labels.png", "regions.csv", "regions.geojson",
                                                                     "regions.json")])
        self.assertEqual(list(self.table("plain")[0])[-1], "neighbours")
        self.assertNotIn("crs", self.collection("plain"))
        self.assertEqual(list(self.collection("plain")["features"][0]["properties"])[:3],
                         ["region", "area", "mean_band_1"])

    def test_no_valid_pixel(self):
        self.raster("empty.tif", np.zeros((4, 30, 40), np.uint8), no_data=0)
        self.cut(name="empty")
        self.assertTrue((self.out("empty_labels.tif").ReadAsArray() == 0).all())
        self.assertEqual(self.collection("empty")["features"], [])


class Inputs(MapTest):
    def labels(self, *words, name="scene"):
        self.succeed(*words, "--write", "labels", "--overwrite")
        return self.out(f"{name}_labels.tif").ReadAsArray()

    def test_other_formats_give_the_same_labels(self):
        values = scene()
        self.raster("scene.tif", values)
        expected = self.labels("scene.tif", "-k", 3)
        source = gdal.Open(str(self.folder / "scene.tif"))
        gdal.GetDriverByName("VRT").CreateCopy(str(self.folder / "mosaic.vrt"), source)
        gdal.GetDriverByName("ENVI").CreateCopy(str(self.folder / "cube"), source)
        gdal.GetDriverByName("HFA").CreateCopy(str(self.folder / "erdas.img"), source)
        gdal.GetDriverByName("JP2OpenJPEG").CreateCopy(str(self.folder / "scene.jp2"), source,
                                                      options=["REVERSIBLE=YES", "QUALITY=100"])
        for given, name in (("mosaic.vrt", "mosaic"), ("cube", "cube"), ("erdas.img", "erdas"), ("scene.jp2", "scene")):
            with self.subTest(given):
                np.testing.assert_array_equal(self.labels(given, "-k", 3, name=name), expected)

    def test_net_cdf_with_several_variables_wants_a_name(self):
        import subprocess  # pylint: disable=import-outside-toplevel
        cdl = """netcdf two { dimensions: y = 40; x = 50; variables: short a(y, x); short b(y, x);
                 a:scale_factor = 0.5; a:add_offset = 10.; data: a = %s; b = %s; }"""
        values = np.where(np.arange(50) < 25, 20, 90)[None, :] + np.arange(40)[:, None] % 5
        numbers = ", ".join(map(str, values.ravel()))
        (self.folder / "two.cdl").write_text(cdl % (numbers, numbers))
        try:
            subprocess.run(["ncgen", "-o", "two.nc", "two.cdl"], cwd=self.folder, check=True)
        except FileNotFoundError:
            self.skipTest("ncgen of netcdf-bin is not here")
        self.fail(BAD_INPUT, "two.nc", "-k", 2, says=("several rasters", 'NETCDF:"two.nc":a', 'NETCDF:"two.nc":b'))
        self.succeed('NETCDF:"two.nc":a', "-k", 2, "--write", "model", "-o", "nc")
        model = model_of(self.folder / "nc/two_a.gmm.json")
        np.testing.assert_allclose([c["mean"][0] for c in model["classes"]], [10 + 22 / 2, 10 + 92 / 2], atol=0.1)

    def test_types_scale_and_offset(self):
        values = scene()
        for dtype in (np.uint16, np.int16, np.float32, np.float64):
            with self.subTest(dtype.__name__):
                dataset = self.raster("scene.tif", values.astype(dtype))
                dataset.GetRasterBand(1).SetScale(0.5)
                dataset.GetRasterBand(1).SetOffset(-7)
                del dataset
                self.succeed("scene.tif", "-k", 3, "--write", "model", "--overwrite")
                means = np.array(model_of(self.folder / "segmented/scene.gmm.json")["means"])
                ground = np.stack([[values[b][:, x].mean() for b in range(4)] for x in (5, 35, 65)])
                ground[:, 0] = ground[:, 0] * 0.5 - 7
                order = np.argsort(ground[:, 0])
                np.testing.assert_allclose(means, ground[order], atol=2)

    def test_signed_bytes_keep_their_sign(self):
        values = scene().astype(np.int16) - 128
        values[:, :5, :7] = -128
        dataset = self.raster("scene.tif", values.astype(np.int8).view(np.uint8), options=["PIXELTYPE=SIGNEDBYTE"])
        for b in range(1, 5):
            dataset.GetRasterBand(b).SetNoDataValue(-128)
        del dataset
        self.succeed("scene.tif", "-k", 3, "--write", "labels,model")
        means = np.array(model_of(self.folder / "segmented/scene.gmm.json")["means"])
        ground = np.stack([[values[b][10:, x].mean() for b in range(4)] for x in (5, 35, 65)])
        np.testing.assert_allclose(means, ground[np.argsort(ground[:, 0])], atol=2)
        self.assertTrue((self.out("scene_labels.tif").ReadAsArray()[:5, :7] == 0).all())

    def test_a_pipe_is_read_once(self):
        self.image("photo.png", scene(bands=3).transpose(1, 2, 0))
        os.mkfifo(self.folder / "pipe")
        with open(self.folder / "photo.png", "rb") as source:
            content = source.read()
        writer = threading.Thread(target=lambda: (self.folder / "pipe").write_bytes(content))
        writer.start()
        self.succeed("pipe", "-k", 3, "--write", "labels")
        writer.join()

    def test_masks_and_alpha(self):
        values = scene(bands=3)
        dataset = self.raster("scene.tif", values)
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        mask = np.full((60, 70), 255, np.uint8)
        mask[50:, 60:] = 0
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(mask)
        del dataset
        np.testing.assert_array_equal(self.labels("scene.tif", "-k", 3) == 0, mask == 0)
        self.raster("rgba.tif", np.concatenate([values, mask[None]]), options=["PHOTOMETRIC=RGB", "ALPHA=YES"])
        np.testing.assert_array_equal(self.labels("rgba.tif", "-k", 3, name="rgba") == 0, mask == 0)
        self.assertEqual([f["name"] for f in model_of_first(self)["features"]], ["L*", "a*", "b*"])

    def test_no_data_of_one_band(self):
        values = scene().astype(np.float32)
        values[2, 10:20, :] = -9999
        self.raster("scene.tif", values, no_data=-9999)
        skipped = self.labels("scene.tif", "-k", 3)
        self.assertTrue((skipped[10:20] == 0).all() and (skipped[20:] > 0).all())
        self.assertTrue((self.labels("scene.tif", "-k", 3, "--missing", "marginal") > 0).all())

    def test_channels_of_one_grid(self):
        values = scene()
        self.raster("scene.tif", values)
        expected = self.labels("scene.tif", "-k", 3)
        for b in range(4):
            self.raster(f"b{b}.tif", values[b:b + 1])
        self.succeed("b0.tif", "--channels", "b1.tif", "b2.tif", "b3.tif", "-k", 3, "--write", "labels")
        np.testing.assert_array_equal(self.out("b0_labels.tif").ReadAsArray(), expected)
        self.raster("small.tif", values[:1, :30])
        self.fail(BAD_INPUT, "b0.tif", "--channels", "small.tif", "-k", 3, "-o", "x", says=("small.tif", "70 x 30", "70 x 60"))
        dataset = self.raster("moved.tif", values[1:2])
        dataset.SetGeoTransform((600010.0, *TRANSFORM[1:]))
        del dataset
        self.fail(BAD_INPUT, "b0.tif", "--channels", "moved.tif", "-k", 3, "-o", "x", says=("moved.tif", "600010", "600000"))
        dataset = self.raster("finer.tif", values[1:2])
        dataset.SetGeoTransform((TRANSFORM[0], 30.001, *TRANSFORM[2:]))
        del dataset
        self.fail(BAD_INPUT, "b0.tif", "--channels", "finer.tif", "-k", 3, "-o", "x", "--extent", "0,0,5,5", says=("finer.tif",))
        dataset = self.raster("zone.tif", values[1:2])
        dataset.SetSpatialRef(utm(33))
        del dataset
        self.fail(BAD_INPUT, "b0.tif", "--channels", "zone.tif", "-k", 3, "-o", "x", says=("zone.tif", "reference system"))
        self.succeed("b0.tif", "-k", 3, "--write", "density", "-o", "kept")
        self.fail(USAGE, "b0.tif", "--channels", "kept/b0_density.tif", "-k", 3, "--write", "density", "-o", "kept",
                  "--overwrite", says=("kept/b0_density.tif", "channel"))

    def test_selected_bands_and_extent(self):
        values = scene()
        self.raster("scene.tif", values)
        self.succeed("scene.tif", "-k", 3, "--select-bands", "4,2", "--extent", "10,20,50,30", "--write", "labels,model")
        made = self.out("scene_labels.tif")
        self.assertEqual((made.RasterXSize, made.RasterYSize), (50, 30))
        corner = gdal.ApplyGeoTransform(list(TRANSFORM), 10, 20)
        self.assertEqual(made.GetGeoTransform(), (corner[0], *TRANSFORM[1:3], corner[1], *TRANSFORM[4:]))
        self.raster("part.tif", values[[3, 1], 20:50, 10:60])
        self.succeed("part.tif", "-k", 3, "--write", "labels,model")
        np.testing.assert_array_equal(made.ReadAsArray(), self.out("part_labels.tif").ReadAsArray())
        models = [model_of(self.folder / f"segmented/{name}.gmm.json") for name in ("scene", "part")]
        self.assertEqual(models[0]["means"], models[1]["means"])
        self.fail(BAD_INPUT, "scene.tif", "--select-bands", "5", "-k", 3, "-o", "x", says=("band 5", "4 bands"))
        self.fail(BAD_INPUT, "scene.tif", "--extent", "60,0,20,5", "-k", 3, "-o", "x", says=("70 x 60", "20 x 5"))
        self.fail(USAGE, "scene.tif", "--extent", "1,2,3", "-k", 3, "-o", "x", says=("--extent", "x,y,width,height"))
        self.fail(USAGE, "scene.tif", "--select-bands", "1,1", "-k", 3, "-o", "x", says=("--select-bands", "more than once"))

    def test_the_same_of_a_photograph(self):
        image = scene(bands=3).transpose(1, 2, 0)
        self.image("photo.png", image)
        self.image("part.png", image[5:45, 8:68])
        for name, words in (("photo", ("--extent", "8,5,60,40")), ("part", ())):
            self.succeed(f"{name}.png", "-k", 3, "--write", "labels", *words)
        np.testing.assert_array_equal(labels_of(self.folder / "segmented/photo_labels.png"),
                                      labels_of(self.folder / "segmented/part_labels.png"))

    def test_a_folder_of_scenes_shares_a_model(self):
        (self.folder / "scenes").mkdir()
        for n in range(3):
            self.raster(f"scenes/s{n}.tif", scene(seed=3 if n < 2 else 4), no_data=0)
        self.succeed("scenes", "-k", 3, "-o", "out", "--write", "labels,uncertainty")
        for n in range(3):
            made = gdal.Open(str(self.folder / f"out/s{n}_labels.tif"))
            self.assertEqual(made.GetGeoTransform(), TRANSFORM)
        again = self.succeed("scenes", "-k", 3, "-o", "out", "--write", "labels,uncertainty", "--resume")
        self.assertIn("3", again.stderr + again.stdout)

    def test_eval_reads_maps(self):
        self.raster("scene.tif", scene())
        self.succeed("scene.tif", "-k", 3, "--write", "labels")
        scores = json.loads(self.succeed("eval", "segmented/scene_labels.tif", "--truth", "segmented/scene_labels.tif",
                                         "--json").stdout)
        self.assertIn("1", json.dumps(scores))
        self.assertEqual(scores["mean"]["covering"] if "mean" in scores else 1, 1)


class BadInput(MapTest):
    def test_truncated(self):
        self.raster("scene.tif", np.tile(scene(), (1, 4, 4)), options=["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64",
                                                                        "COMPRESS=DEFLATE"])
        path = self.folder / "scene.tif"
        whole = path.read_bytes()
        path.write_bytes(whole[:len(whole) // 2])
        self.fail(BAD_INPUT, "scene.tif", "-k", 3, says=("scene.tif",))

    def test_a_damaged_block_is_named(self):
        self.raster("scene.tif", np.tile(scene(), (1, 4, 4)), options=["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64",
                                                                        "COMPRESS=DEFLATE"])
        self.damage("scene.tif", 1, 2)
        self.fail(BAD_INPUT, "scene.tif", "-k", 3, says=("scene.tif", "rows 128 to 191", "cannot be read"))

    def test_a_mosaic_whose_source_is_missing(self):
        self.raster("scene.tif", scene())
        gdal.GetDriverByName("VRT").CreateCopy(str(self.folder / "mosaic.vrt"), gdal.Open(str(self.folder / "scene.tif")))
        (self.folder / "scene.tif").unlink()
        self.fail(BAD_INPUT, "mosaic.vrt", "-k", 3, says=("mosaic.vrt", "scene.tif"))

    def test_complex_numbers(self):
        self.raster("radar.tif", scene(bands=1).astype(np.float32), kind=gdal.GDT_CFloat32)
        self.fail(BAD_INPUT, "radar.tif", "-k", 3, says=("radar.tif", "complex"))

    def test_no_valid_pixel(self):
        self.raster("scene.tif", np.zeros((4, 30, 40), np.uint8), no_data=0)
        result = self.succeed("scene.tif", "-k", 3, "--write", "labels")
        self.assertIn("no data", (result.stdout + result.stderr).lower().replace("no pixel with data", "no data"))
        self.assertTrue((self.out("scene_labels.tif").ReadAsArray() == 0).all())

    def test_an_unknown_file(self):
        (self.folder / "notes.xyzzy").write_text("these are no pixels\n")
        self.fail(BAD_INPUT, "notes.xyzzy", "-k", 3, says=("notes.xyzzy", "GDAL"))


def model_of_first(test):
    test.succeed("rgba.tif", "-k", 3, "--write", "model", "--overwrite")
    return model_of(test.folder / "segmented/rgba.gmm.json")


if __name__ == "__main__":
    unittest.main()
