using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>
/// Frames that answer a client's own, until the connection's owner writes them. Where so many wait that the client evidently does not read,
/// it is not read either.
/// </summary>
sealed class Answers
{
    const int MostBytes = 4096;

    readonly Lock _lock = new();
    ArrayBufferWriter<byte>? _frames;
    TaskCompletionSource? _taken;
    bool _isClosed;

    /// <param name="write">Writes whole frames.</param>
    /// <returns>Completes when more may be added.</returns>
    public Task Add<T>(T frame, Action<IBufferWriter<byte>, T> write) where T : allows ref struct
    {
        lock (_lock)
        {
            if (_isClosed) return Task.CompletedTask;
            write(_frames ??= new(), frame);
            if (_frames.WrittenCount < MostBytes) return Task.CompletedTask;
            return (_taken ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <returns>False where there were none.</returns>
    public bool MoveTo(IBufferWriter<byte> writer)
    {
        lock (_lock)
        {
            if (_frames is null) return false;
            writer.Write(_frames.WrittenSpan);
            Release();
            return true;
        }
    }

    /// <summary>Nobody will write them any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Release();
        }
    }

    void Release()
    {
        _taken?.SetResult();
        (_frames, _taken) = (null, null);
    }
}
