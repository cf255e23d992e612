using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Gives out numbers that this database never gave before: 24 bits of its incarnation and 40 of a counter, which is taken in blocks.
/// Safe from any thread.
/// </summary>
sealed class NumberBlocks(NpgsqlDataSource source)
{
    const int CounterBits = 40;
    const int Block = 65536;

    readonly object _lock = new();
    long _next;
    long _end;

    /// <exception cref="StoreException">The database cannot be reached.</exception>
    public long Next()
    {
        lock (_lock)
        {
            if (_next == _end) Take();
            return _next++;
        }
    }

    void Take()
    {
        try
        {
            using var command = source.CreateCommand("SELECT (SELECT max(value) FROM incarnation), nextval('numbers')");
            using var reader = command.ExecuteReader();
            reader.Read();
            _next = (reader.GetInt64(0) << CounterBits) | reader.GetInt64(1);
            _end = _next + Block;
        }
        catch (NpgsqlException e)
        {
            throw new StoreException($"The database gave no numbers: {e.Message}", e);
        }
    }
}
