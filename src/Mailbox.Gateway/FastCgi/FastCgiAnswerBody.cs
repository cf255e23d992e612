namespace Mailbox.Gateway;

/// <summary>The body of an answer: what came with its head, then the output while it comes.</summary>
sealed class FastCgiAnswerBody(CgiHead head, Stream output) : ReadOnlyStream
{
    ReadOnlyMemory<byte> _rest = head.Rest;
    long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = _rest.Length > 0 ? TakeRest(buffer) : await output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _read += read;
        if (read == 0 && buffer.Length > 0 && _read < head.Length) throw new BackendException(BackendFault.Broken, "The application's answer is shorter than its Content-Length.");
        return read;
    }

    int TakeRest(Memory<byte> buffer)
    {
        var read = Math.Min(buffer.Length, _rest.Length);
        _rest[..read].CopyTo(buffer);
        _rest = _rest[read..];
        return read;
    }
}
