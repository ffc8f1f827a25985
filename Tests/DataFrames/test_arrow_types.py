"""Every type, read and written: what our library makes of a stream must be, for pyarrow, what went in."""

import pyarrow as pa
import pytest

from probe import SAME, assert_same, probe, stream_of, table_of
from samples import SAMPLES, table

names = pytest.mark.parametrize("name", SAMPLES)


@names
@pytest.mark.parametrize("mode", SAME)
def test_a_frame_keeps_its_values(name, mode):
    for repeat in (1, 37):
        expected = table(name, repeat)
        assert_same(table_of(probe(stream_of(expected), mode)), expected)


@names
@pytest.mark.parametrize("mode", SAME)
def test_an_empty_frame_keeps_its_schema(name, mode):
    expected = table(name).slice(0, 0)
    assert_same(table_of(probe(stream_of(expected), mode)), expected)
    with_batch = pa.Table.from_batches([pa.RecordBatch.from_arrays([c.combine_chunks() for c in expected.columns], schema=expected.schema)])
    assert_same(table_of(probe(stream_of(with_batch), mode)), expected)


@names
def test_a_slice_has_its_rows_only(name):
    whole = table(name, 37)
    for start, end in [(0, 1), (1, 3), (3, 60), (8, 72), (13, 85)]:
        result = probe(stream_of(whole), "slice", start, end)
        assert_same(table_of(result), whole.slice(start, end - start))
    assert len(probe(stream_of(whole), "slice", 5, 6)) < len(stream_of(whole)) + 1024


@names
def test_pieces_become_batches(name):
    whole = table(name, 12)
    result = probe(stream_of(whole), "pieces", 7)
    assert pa.ipc.open_stream(result).read_all().column(0).num_chunks == (whole.num_rows + 6) // 7
    assert_same(table_of(result), whole)


@names
@pytest.mark.parametrize("mode", ["rewrite", "combine", "stream"])
def test_several_batches_and_slices_of_theirs(name, mode):
    whole = table(name, 9)
    parts = [whole.slice(0, 3), whole.slice(3, 1), whole.slice(4, 0), whole.slice(4)]
    batches = pa.concat_tables(parts)
    assert_same(table_of(probe(stream_of(batches), mode)), whole)


@names
def test_values_without_nulls(name):
    sample = SAMPLES[name]
    array = pa.concat_arrays([sample.slice(row, 1) for row in range(len(sample)) if sample[row].is_valid] or [sample[:0]])
    expected = pa.table({name: array})
    assert_same(table_of(probe(stream_of(expected), "rewrite")), expected)
    assert_same(table_of(probe(stream_of(expected), "rebuild")), expected)


def test_all_types_in_one_frame():
    expected = pa.table({name: pa.concat_arrays([array] * 40).slice(0, 100) for name, array in SAMPLES.items()})
    for mode in SAME:
        assert_same(table_of(probe(stream_of(expected), mode)), expected)
    assert_same(table_of(probe(stream_of(expected), "slice", 9, 90)), expected.slice(9, 81))


def test_fields_keep_what_they_say_of_themselves():
    schema = pa.schema(
        [
            pa.field("a", pa.int64(), nullable=False, metadata={"unit": "m", "": "nothing"}),
            pa.field("a", pa.list_(pa.field("element", pa.int8(), nullable=False, metadata={"k": "v"}))),
            pa.field("uuid", pa.binary(16), metadata={"ARROW:extension:name": "plant.tag", "ARROW:extension:metadata": ""}),
            pa.field("", pa.string()),
        ],
        metadata={"pandas": "{}", "ä": "ö"},
    )
    expected = pa.Table.from_arrays([pa.array([1]), pa.array([[1]], schema.field(1).type), pa.array([b"x" * 16]), pa.array(["t"])], names=list("abcd"))
    expected = pa.Table.from_batches([pa.RecordBatch.from_arrays([c.chunk(0).cast(f.type) for c, f in zip(expected.columns, schema)], schema=schema)])
    for mode in SAME:
        assert_same(table_of(probe(stream_of(expected), mode)), expected)


def test_extension_types_pass_through():
    expected = pa.table({"id": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"x" * 16, None], pa.binary(16)))})
    for mode in SAME:
        assert_same(table_of(probe(stream_of(expected), mode)), expected)


def test_a_frame_without_columns():
    expected = pa.table({})
    assert_same(table_of(probe(stream_of(expected), "rewrite")), expected)


def test_large_columns():
    count = 1_000_003
    expected = pa.table({"n": pa.array(range(count), pa.int64()), "t": pa.array([f"value {n}" for n in range(count)]), "b": pa.array([n % 3 == 0 for n in range(count)])})
    for mode in (["rewrite"], ["stream"], ["misaligned"]):
        assert_same(table_of(probe(stream_of(expected), *mode)), expected)
    assert_same(table_of(probe(stream_of(expected), "slice", 11, 999_999)), expected.slice(11, 999_988))
