using System.Buffers;
using System.IO.Pipelines;

namespace Mailbox.Gateway.Tests;

/// <summary>A pipe that gives one more chunk whenever all before were examined, and knows how much its reader left in it.</summary>
/// <param name="breaksOff">At the end of the chunks, as a connection does that is reset.</param>
sealed class ChunkedPipe(IEnumerable<ReadOnlyMemory<byte>> chunks, bool breaksOff = false) : PipeReader
{
    readonly IEnumerator<ReadOnlyMemory<byte>> _chunks = chunks.GetEnumerator();
    Segment? _first;
    Segment? _last;
    int _start;
    bool _hasUnexamined;
    bool _isCompleted;

    /// <summary>The most that was there at once.</summary>
    public long MaxBuffered { get; private set; }

    public int Reads { get; private set; }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        Reads++;
        if (!_hasUnexamined) Extend();
        MaxBuffered = Math.Max(MaxBuffered, Buffer.Length);
        return new(new ReadResult(Buffer, false, _isCompleted));
    }

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var isEmpty = _first is null;
        _hasUnexamined = !isEmpty && (examined.GetObject() != _last || examined.GetInteger() < _last!.Memory.Length);
        if (isEmpty) return;
        (_first, _start) = ((Segment)consumed.GetObject()!, consumed.GetInteger());
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => _chunks.Dispose();

    ReadOnlySequence<byte> Buffer => _first is null ? default : new(_first, _start, _last!, _last!.Memory.Length);

    void Extend()
    {
        if (_chunks.MoveNext())
        {
            _last = new(_last, _chunks.Current);
            _first ??= _last;
        }
        else if (breaksOff)
        {
            throw new IOException("The connection was reset.");
        }
        else
        {
            _isCompleted = true;
        }
    }

    sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(Segment? before, ReadOnlyMemory<byte> memory)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
