using System.IO.Pipelines;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>What takes the letters of one request after the other: its reader and its delivery. Safe to use from any thread.</summary>
sealed class LetterDeliveries(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options, CallerNames names)
{
    readonly int _maxBodyBytes = options.Value.MaxBodyBytes;
    readonly LetterReader _letters = new(names);

    public MultiplexReader Read(PipeReader body, string boundary, bool isEncoded) => new(body, boundary, _maxBodyBytes, isEncoded);

    /// <param name="told">Is told what became of each letter, in order.</param>
    public LetterDelivery Begin(Func<Letter, ValueTask> told) => new(grid, metrics, _letters, _maxBodyBytes, told);
}
