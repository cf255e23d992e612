namespace Mailbox.Grains.Tests;

/// <summary>What can happen to batches on their way, by chance: lost, doubled, or held back until the next one has passed.</summary>
sealed class Weather(Random chance)
{
    readonly Lock _gate = new();
    PushBatch? _late;

    public int Disturbed { get; private set; }

    public IReadOnlyList<PushBatch> Pass(PushBatch batch)
    {
        lock (_gate)
        {
            var late = _late;
            _late = null;
            IReadOnlyList<PushBatch> arrived = chance.Next(6) switch { 0 => [], 1 => [batch, batch], 2 => Hold(batch), _ => [batch] };
            if (arrived is not [_]) Disturbed++;
            return late is null ? arrived : [.. arrived, late];
        }
    }

    PushBatch[] Hold(PushBatch batch)
    {
        _late = batch;
        return [];
    }
}
