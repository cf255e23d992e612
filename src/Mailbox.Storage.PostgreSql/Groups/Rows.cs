using System.Runtime.CompilerServices;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>The rows of one question.</summary>
static class Rows
{
    public static async IAsyncEnumerable<NpgsqlDataReader> ReadAsync(
        this NpgsqlConnection connection, string sql, [EnumeratorCancellation] CancellationToken cancel, params object[] values)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(sql, values);
        await using var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false)) yield return reader;
    }
}
