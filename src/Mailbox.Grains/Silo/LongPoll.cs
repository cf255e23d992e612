using Mailbox.Engine;

namespace Mailbox.Grains;

/// <summary>A reader that lives for one call: for readers outside the cluster, who are not told when a silo dies.</summary>
sealed class LongPoll(MailboxEngine engine, TimeProvider time) : IReaderSignal
{
    readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Ready() => _ready.TrySetResult();

    public async Task<ReadAnswer> ReadAsync(MailboxName mailbox, ReadRequest request, CancellationToken cancel)
    {
        var opened = await engine.OpenAsync(mailbox, request.Open, this, CancellationToken.None).ConfigureAwait(false);
        if (opened.Reader is not { } reader) return new(opened.Outcome);
        try
        {
            if (request.PositionOnly) return new(opened.Outcome) { Position = reader.Position };
            return await ReadAsync(reader, request.Wait, cancel).ConfigureAwait(false);
        }
        catch (Storage.StoreException)
        {
            return new(OpenOutcome.Unavailable);
        }
        finally
        {
            reader.Close();
        }
    }

    async Task<ReadAnswer> ReadAsync(IMailboxReader reader, TimeSpan wait, CancellationToken cancel)
    {
        var taken = new List<Received>();
        var status = await TakeAsync(reader, taken).ConfigureAwait(false);
        if (taken.Count == 0 && status == ReadStatus.Empty && await IsReadyAsync(wait, cancel).ConfigureAwait(false))
            await TakeAsync(reader, taken).ConfigureAwait(false);
        var answer = new ReadAnswer(OpenOutcome.Opened)
        {
            Position = reader.Position,
            Items = [.. taken.Select(PageItem.Of)],
            Ending = reader.Ending,
        };
        reader.Written();
        return answer;
    }

    static async Task<ReadStatus> TakeAsync(IMailboxReader reader, List<Received> taken)
    {
        while (true)
        {
            var status = reader.TryRead(taken);
            if (status == ReadStatus.Cold && taken.Count == 0) await reader.LoadAsync().ConfigureAwait(false);
            else if (status != ReadStatus.Read) return status;
        }
    }

    async Task<bool> IsReadyAsync(TimeSpan wait, CancellationToken cancel)
    {
        var atMost = wait < ReadRequest.MaxWait ? wait : ReadRequest.MaxWait;
        if (atMost <= TimeSpan.Zero) return false;
        try
        {
            await _ready.Task.WaitAsync(atMost, time, cancel).ConfigureAwait(false);
            return true;
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }
}
