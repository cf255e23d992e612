using System.Buffers;
using System.Net;

namespace Mailbox.Gateway;

/// <summary>A body on its way to an application that speaks HTTP: each piece is passed on when it has come.</summary>
sealed class HttpBackendBody(Stream body, long? length) : HttpContent
{
    const int BufferBytes = 64 << 10;

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(buffer, cancellationToken);
                // What was written before, be it the head, does not wait for what is yet to come.
                if (!reading.IsCompleted) await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                var read = await reading.ConfigureAwait(false);
                if (read == 0) return;
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
