// SPDX-License-Identifier: Apache-2.0
/** Rules about IP addresses that several components share. Pure: nothing is looked up. */
@NullMarked
package io.mizzen.api.address;

import org.jspecify.annotations.NullMarked;
