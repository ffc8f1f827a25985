"""What streams can have besides types: dictionaries that change, compression, old metadata, and things that are refused."""

import io

import pyarrow as pa
import pytest

from probe import SAME, ProbeError, assert_same, probe, stream_of, table_of
from samples import SAMPLES, table


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_bodies(name, codec):
    for repeat in (1, 200):
        expected = table(name, repeat)
        assert_same(table_of(probe(stream_of(expected, compression=codec), "rewrite")), expected)


@pytest.mark.parametrize("name", SAMPLES)
def test_metadata_of_version_4(name):
    expected = table(name)
    stream = stream_of(expected, metadata_version=pa.ipc.MetadataVersion.V4)
    assert_same(table_of(probe(stream, "rewrite")), expected)


def test_messages_without_the_continuation_mark():
    expected = table("string", 5)
    stream = stream_of(expected, metadata_version=pa.ipc.MetadataVersion.V4, use_legacy_format=True)
    assert_same(table_of(probe(stream, "rewrite")), expected)


def _dictionary_batches():
    first = pa.DictionaryArray.from_arrays(pa.array([0, 1, None], pa.int8()), pa.array(["a", "b"]))
    second = pa.DictionaryArray.from_arrays(pa.array([2, 0, 1], pa.int8()), pa.array(["a", "b", "c"]))
    third = pa.DictionaryArray.from_arrays(pa.array([0, 0, 1], pa.int8()), pa.array(["z", "y"]))
    return [first, second, third]


def _stream(arrays, **options):
    sink = io.BytesIO()
    schema = pa.schema([("d", arrays[0].type)])
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        for array in arrays:
            writer.write_batch(pa.record_batch([array], schema=schema))
    return sink.getvalue(), pa.chunked_array(arrays)


@pytest.mark.parametrize("mode", [*SAME, "pieces 2"])
def test_dictionaries_grow(mode):
    stream, expected = _stream(_dictionary_batches()[:2], emit_dictionary_deltas=True)
    result = table_of(probe(stream, *mode.split()))
    assert result.column(0).to_pylist() == expected.to_pylist()


@pytest.mark.parametrize("mode", [*SAME, "pieces 2"])
def test_dictionaries_are_replaced(mode):
    stream, expected = _stream(_dictionary_batches())
    result = table_of(probe(stream, *mode.split()))
    assert result.column(0).to_pylist() == expected.to_pylist()


def test_nested_dictionaries_are_replaced():
    def batch(values):
        inner = pa.array(values).dictionary_encode()
        outer = pa.StructArray.from_arrays([inner, pa.array(range(len(values)))], ["name", "number"])
        return pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int8()), outer)

    stream, expected = _stream([batch(["a", "b"]), batch(["a", "b"]), batch(["x", "y", "z"])])
    for mode in SAME:
        assert table_of(probe(stream, mode)).column(0).to_pylist() == expected.to_pylist()


def test_a_stream_may_end_without_its_mark():
    expected = table("int64", 3)
    assert_same(table_of(probe(stream_of(expected)[:-8], "rewrite")), expected)


def test_bytes_behind_the_end_are_ignored():
    expected = table("int64", 3)
    assert_same(table_of(probe(stream_of(expected) + b"more", "rewrite")), expected)


def test_an_arrow_file_is_refused():
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table("int8").schema) as writer:
        writer.write_table(table("int8"))
    with pytest.raises(ProbeError, match="unsupported: this is an Arrow file, not an Arrow stream"):
        probe(sink.getvalue(), "rewrite")


@pytest.mark.parametrize("array, what", [
    (pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([1, 2])), "run-end encoding"),
    (pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])]), "a union"),
    (pa.array([[1]], pa.list_view(pa.int8())), "a list view"),
    (pa.array([1], pa.decimal32(5, 0)), "a decimal of 32 bits"),
])
def test_other_types_are_refused_by_name(array, what):
    with pytest.raises(ProbeError, match=f"unsupported: field strange has {what}, which cannot be read"):
        probe(stream_of(pa.table({"strange": array})), "rewrite")


def test_streams_that_are_cut_off():
    stream = stream_of(table("list_of_text", 2))
    for end in range(0, len(stream) - 8, 37):
        try:
            probe(stream[:end], "rewrite")
        except ProbeError as error:
            assert str(error).startswith("malformed: ")
    with pytest.raises(ProbeError, match="malformed: the stream is empty"):
        probe(b"", "rewrite")


def test_text_that_is_not_utf8():
    raw = pa.StringArray.from_buffers(2, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff"))
    with pytest.raises(ProbeError, match="malformed: field bad has text that is not UTF-8"):
        probe(stream_of(pa.table({"bad": raw})), "rewrite")
    # What lies at a null does not matter.
    valid = pa.array([True, False]).buffers()[1]
    null = pa.StringArray.from_buffers(2, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff"), valid, 1)
    assert table_of(probe(stream_of(pa.table({"fine": null})), "rewrite")).column(0).to_pylist() == ["a", None]
