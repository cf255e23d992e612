namespace Mailbox.Grains.Tests;

/// <summary>
/// What can happen to batches on their way, by chance: lost, doubled, or held back until the next one has passed. Never a whole window of a
/// reader in silence: behind that nothing comes which could show it, and the runtime tells a silo of each call that has no answer.
/// </summary>
sealed class Weather(Random chance)
{
    const int HalfAWindow = 32;

    readonly Lock _gate = new();
    PushBatch? _late;
    bool _isMissed;

    public int Disturbed { get; private set; }

    public IReadOnlyList<PushBatch> Pass(PushBatch batch)
    {
        lock (_gate)
        {
            var late = _late;
            _late = null;
            var mayMiss = !_isMissed && batch.Items.Length < HalfAWindow;
            IReadOnlyList<PushBatch> arrived = chance.Next(6) switch { 0 when mayMiss => [], 1 => [batch, batch], 2 when mayMiss => Hold(batch), _ => [batch] };
            _isMissed = arrived is [];
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
