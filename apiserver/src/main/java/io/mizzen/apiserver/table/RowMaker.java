// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

/** Makes the cells of one kind, in the order of its columns. */
@FunctionalInterface
interface RowMaker {
    void fill(Row row);
}
