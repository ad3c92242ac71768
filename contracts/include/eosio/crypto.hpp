#pragma once

#include <snapscale/crypto.hpp>
