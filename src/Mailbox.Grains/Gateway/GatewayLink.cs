namespace Mailbox.Grains;

/// <summary>Where silos answer and push to. The runtime holds an observer weakly, so this lives as long as the process.</summary>
sealed class GatewayLink(GridRequests requests, RemoteReaders readers) : IGatewayLink
{
    /// <summary>For tests: what becomes of a batch on its way; null for what is usual.</summary>
    internal Func<PushBatch, IReadOnlyList<PushBatch>>? OnTheWay { get; set; }

    public Task Answer(AnswerBatch batch)
    {
        requests.Take(batch);
        return Task.CompletedTask;
    }

    public Task<AttachmentKey[]> Push(PushBatch batch)
    {
        var unknown = new List<AttachmentKey>();
        foreach (var arrived in OnTheWay?.Invoke(batch) ?? [batch]) Pass(arrived, unknown);
        return Task.FromResult<AttachmentKey[]>([.. unknown]);
    }

    void Pass(PushBatch batch, List<AttachmentKey> unknown)
    {
        foreach (var item in batch.Items)
        {
            var message = item.Message > 0 ? batch.Messages[item.Message - 1] : null;
            var pushed = new Pushed(item.Before, new(item.Position, message, item.Gap), item.Ending);
            if (readers.Find(item.Key.Id)?.Push(item.Key, pushed) != true) unknown.Add(item.Key);
        }
    }
}
