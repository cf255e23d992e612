using System.Buffers;
using BenchmarkDotNet.Attributes;
using Mailbox.Gateway;

namespace Mailbox.Benchmarks;

/// <summary>Station 7: how a message becomes bytes. An encoding is made once for each message and shared by all who receive it.</summary>
[MemoryDiagnoser]
public class FormatBenchmarks
{
    readonly Message _message = Letters.Message(TimeProvider.System.GetUtcNow());
    readonly ArrayBufferWriter<byte> _buffer = new(1024);
    readonly byte[] _text = new byte[Position.MaxTextLength];
    readonly byte[] _event = SseForm.Encode(Letters.Message(TimeProvider.System.GetUtcNow()));
    readonly Position _position = new(0x1234567890abcdef, 1_234_567);

    [Benchmark]
    public int Position_to_text() => _position.Format(_text);

    [Benchmark]
    public bool Position_from_text() => Position.TryParse("1234567890abcdef.1234567", out _);

    [Benchmark]
    public byte[] Encode_an_event() => SseForm.Encode(_message);

    [Benchmark]
    public byte[] Encode_as_json() => MessageJson.Encode(_message);

    /// <summary>What each receiver costs.</summary>
    [Benchmark]
    public int Write_an_event()
    {
        _buffer.ResetWrittenCount();
        FrameWriter.Write(_buffer, "id: "u8, _position, "\n"u8, _event);
        return _buffer.WrittenCount;
    }
}
